"""What is left of the caller's own limits, in the headers of OpenAI and of Anthropic.

OpenAI writes the time to a reset as Go writes durations (``8.64s``, ``6m0s``), Anthropic as a
moment of RFC 3339. Of several limits that count the same, the one with the least left is told.
https://platform.openai.com/docs/guides/rate-limits
https://docs.anthropic.com/en/api/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import ceil
from urllib.parse import quote

from limits.choices import Metric, Mode, Window
from limits.meters.interface import PlainReading
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
Names = tuple[bytes, bytes, bytes]  # of the three headers of a metric


def _names(pattern: str) -> Names:
    limit, remaining, reset = (pattern.format(part).encode() for part in PARTS)
    return limit, remaining, reset


OPENAI = {
    metric: _names(f"x-ratelimit-{{}}-{METRICS[metric]}")
    for metric in (Metric.REQUESTS, Metric.TOKENS)
}
ANTHROPIC = {metric: _names(f"anthropic-ratelimit-{name}-{{}}") for metric, name in METRICS.items()}
NAMES = tuple(
    name.decode()
    for name in (
        *(name for names in (*OPENAI.values(), *ANTHROPIC.values()) for name in names),
        WARNING_HEADER,
    )
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A limit stands ``at`` this index. ``reset`` is the name of its third header, empty for a
    total, which is never reset.
    """

    at: int
    reset: bytes


@dataclass(frozen=True, slots=True)
class _MetricHeaders:
    """The headers of one metric: the one of ``places`` with the least left is told.

    ``limit_header`` is ready-made for the usual ``amount``, ``remaining`` the name of the second.
    """

    places: tuple[_Place, ...]
    amount: int
    limit_header: Header
    remaining: bytes


@dataclass(frozen=True, slots=True)
class _Plan:
    """The headers for ``rules``. The plan keeps the rules alive, since their ids are its key.

    ``warning`` has the indexes of limits that only warn.
    """

    rules: tuple[Rule, ...]
    metrics: tuple[_MetricHeaders, ...]
    warning: tuple[int, ...]


plans: dict[tuple[int, ...], _Plan] = {}


def limit_headers(
    rules: tuple[Rule, ...],
    readings: Sequence[PlainReading],
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
    headers: Headers = []
    for each in plan.metrics:
        places = each.places
        place = places[0] if len(places) == 1 else _tightest(places, readings)
        _, amount, used, seconds, _, _, _, _ = readings[place.at]
        left = amount - used if amount > used else 0  # of an amount that was lowered since
        first = each.limit_header
        if amount != each.amount:
            first = first[0], b"%d" % amount
        remaining = each.remaining, b"%d" % left
        if place.reset:
            text = moment(ceil(now + seconds)) if is_anthropic else duration(seconds)
            headers += first, remaining, (place.reset, text)
        else:
            headers += first, remaining
    if plan.warning:
        headers += _warnings(plan, readings)
    return headers


def _warnings(plan: _Plan, readings: Sequence[PlainReading]) -> Headers:
    over = []
    for index in plan.warning:
        _, _, _, _, is_over, *_ = readings[index]
        if is_over:
            over.append(plan.rules[index].label)
    return [(WARNING_HEADER, labels(over).encode())] if over else []


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
    limit, remaining, reset = names
    amount = rules[indexes[0]].amount
    places = [_Place(n, b"" if rules[n].window is Window.TOTAL else reset) for n in indexes]
    return _MetricHeaders(tuple(places), amount, (limit, b"%d" % amount), remaining)


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


def _tightest(places: Sequence[_Place], readings: Sequence[PlainReading]) -> _Place:
    """The one with the least left, and of several the one that lasts the longest."""

    def room(place: _Place) -> tuple[int, float]:
        _, amount, used, reset_seconds, *_ = readings[place.at]
        return max(amount - used, 0), -reset_seconds

    return min(places, key=room)
