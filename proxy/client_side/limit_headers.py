"""What is left of the caller's own limits, in the headers of OpenAI and of Anthropic.

OpenAI writes the time to a reset as Go writes durations (``8.64s``, ``6m0s``), Anthropic as a
moment of RFC 3339. Of several limits that count the same, the one with the least left is told.
https://platform.openai.com/docs/guides/rate-limits
https://docs.anthropic.com/en/api/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from typing import NamedTuple
from urllib.parse import quote

from limits.choices import Metric, Mode, Window
from limits.meters.interface import Reading
from limits.rule import Rule

Header = tuple[bytes, bytes]
Headers = list[Header]

WARNING_HEADER = b"x-gateway-limit-warning"
MOST_WARNINGS = 10
MOST_KNOWN = 1000  # plans; those of earlier limits stay until all are cleared
INEXACT = 0.0005  # milliseconds that a float may have too many
SECONDS_PER_MINUTE = MINUTES_PER_HOUR = 60
MINUTE_MS = 60_000
# The names of what is counted. OpenAI knows the first two.
METRICS = {
    Metric.REQUESTS: "requests",
    Metric.TOKENS: "tokens",
    Metric.INPUT_TOKENS: "input-tokens",
    Metric.OUTPUT_TOKENS: "output-tokens",
}
PARTS = ("limit", "remaining", "reset")
Names = tuple[bytes, ...]  # of the three headers of a metric, or of the first two
OPENAI: dict[Metric, Names] = {
    metric: tuple(f"x-ratelimit-{part}-{METRICS[metric]}".encode() for part in PARTS)
    for metric in (Metric.REQUESTS, Metric.TOKENS)
}
ANTHROPIC: dict[Metric, Names] = {
    metric: tuple(f"anthropic-ratelimit-{name}-{part}".encode() for part in PARTS)
    for metric, name in METRICS.items()
}
NAMES = tuple(
    name.decode()
    for name in (
        *(name for names in (*OPENAI.values(), *ANTHROPIC.values()) for name in names),
        WARNING_HEADER,
    )
)


Place = tuple[int, Names]  # the index of a limit, and the names of its headers


class _MetricHeaders(NamedTuple):
    """The headers of one metric: the one of ``places`` with the least left is told.

    ``limit_header`` is ready-made for the usual ``amount``.
    """

    places: tuple[Place, ...]
    amount: int
    limit_header: Header


class _Plan(NamedTuple):
    """The headers for ``rules``. The plan keeps the rules alive, since their ids are its key.

    ``warning`` has the indexes of limits that only warn.
    """

    rules: tuple[Rule, ...]
    metrics: tuple[_MetricHeaders, ...]
    warning: tuple[int, ...]


plans: dict[tuple[int, ...], _Plan] = {}


def limit_headers(
    rules: tuple[Rule, ...],
    readings: Sequence[Reading],
    *,
    is_anthropic: bool,
    is_spoken_for: bool,
    now: float,
) -> Headers:
    """The headers about ``rules``, which have these ``readings``. ``now`` is in seconds since the
    epoch. ``is_spoken_for``: a key speaks for the person, and others use it as well.

    Amounts that are shared with others are not told, nor those that only warn.
    """
    key = (is_anthropic, is_spoken_for, *map(id, rules))
    plan = plans.get(key)
    if plan is None:
        if len(plans) >= MOST_KNOWN:
            plans.clear()
        plan = plans[key] = _planned(rules, ANTHROPIC if is_anthropic else OPENAI, is_spoken_for)
    _, metrics, warning = plan
    headers: Headers = []
    for places, usual_amount, limit_header in metrics:
        index, names = places[0] if len(places) == 1 else _tightest(places, readings)
        _, amount, used, seconds, _, _, _, _ = readings[index]
        left = amount - used if amount > used else 0  # of an amount that was lowered since
        headers.append(limit_header if amount == usual_amount else (names[0], b"%d" % amount))
        headers.append((names[1], b"%d" % left))
        if len(names) == len(PARTS):
            text = moment(ceil(now + seconds)) if is_anthropic else duration(seconds)
            headers.append((names[2], text))
    if warning:
        over = [rules[index].label for index in warning if readings[index].is_over]
        if over:
            headers.append((WARNING_HEADER, labels(over).encode()))
    return headers


def _planned(rules: tuple[Rule, ...], named: dict[Metric, Names], is_spoken_for: bool) -> _Plan:
    told: dict[Metric, list[int]] = {}
    for index, rule in enumerate(rules):
        if rule.mode is Mode.ENFORCE and rule.is_of_one_person(is_spoken_for=is_spoken_for):
            told.setdefault(rule.metric, []).append(index)
    metrics = [
        _metric_headers(names, rules, told[metric])
        for metric, names in named.items()
        if metric in told
    ]
    warning = (index for index, rule in enumerate(rules) if rule.mode is Mode.WARN)
    return _Plan(rules, tuple(metrics), tuple(warning))


def _metric_headers(names: Names, rules: Sequence[Rule], indexes: Sequence[int]) -> _MetricHeaders:
    amount = rules[indexes[0]].amount
    # A total is never reset.
    places = [(at, names[:2] if rules[at].window is Window.TOTAL else names) for at in indexes]
    return _MetricHeaders(tuple(places), amount, (names[0], b"%d" % amount))


def duration(seconds: float) -> bytes:
    """``seconds`` as Go writes them, rounded up: to milliseconds, and from a minute on to
    seconds."""
    milliseconds = ceil(seconds * 1000 - INEXACT)
    if milliseconds >= MINUTE_MS:
        return _of_minutes(-(-milliseconds // 1000))
    if milliseconds <= 0:
        return b"0s"
    if milliseconds < 1000:
        return b"%dms" % milliseconds
    whole, part = divmod(milliseconds, 1000)
    return (b"%d.%03d" % (whole, part)).rstrip(b"0") + b"s" if part else b"%ds" % whole


# Requests within a second share the reset of a period.
@lru_cache(maxsize=4096)
def _of_minutes(seconds: int) -> bytes:
    """A minute or more, as Go writes durations."""
    minutes, seconds = divmod(seconds, SECONDS_PER_MINUTE)
    if minutes < MINUTES_PER_HOUR:
        return b"%dm%ds" % (minutes, seconds)
    return b"%dh%dm%ds" % (*divmod(minutes, MINUTES_PER_HOUR), seconds)


@lru_cache(maxsize=4096)
def moment(at: int) -> bytes:
    """``at``, in seconds since the epoch, as RFC 3339 has it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def labels(of: Iterable[str]) -> str:
    """Labels of limits, percent-encoded except for spaces."""
    return ", ".join(quote(label, safe=" ") for label in list(of)[:MOST_WARNINGS])


def _tightest(places: Sequence[Place], readings: Sequence[Reading]) -> Place:
    """The one with the least left, and of several the one that lasts the longest."""

    def room(place: Place) -> tuple[int, float]:
        reading = readings[place[0]]
        return max(reading.amount - reading.used, 0), -reading.reset_seconds

    return min(places, key=room)
