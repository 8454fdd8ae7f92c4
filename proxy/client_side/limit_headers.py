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

from accounts.caller import Caller
from limits.choices import Metric, Mode, Window
from limits.meters.interface import Reading
from limits.rule import Rule

Header = tuple[bytes, bytes]
Headers = list[Header]

WARNING_HEADER = b"x-gateway-limit-warning"
MOST_WARNINGS = 10
MOST_KNOWN = 1000  # sets of limits; some of them are gone by now
INEXACT = 0.0005  # milliseconds that a float may have too many
SECONDS_PER_MINUTE = MINUTES_PER_HOUR = 60
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


Told = tuple[int, Names]


class _Line(NamedTuple):
    """What is told of one metric: the tightest of its readings.

    ``told`` has the place of each, with the names of its headers. ``whole`` is the first of them
    where the amount is ``amount``.
    """

    told: tuple[Told, ...]
    amount: int
    whole: Header


class _Plan(NamedTuple):
    """What is told of ``rules``, which it keeps, so that no others get their ids.

    ``warning`` are the places of those that only warn.
    """

    rules: tuple[Rule, ...]
    lines: tuple[_Line, ...]
    warning: tuple[int, ...]


_plans: dict[tuple[int, ...], _Plan] = {}


def limit_headers(
    rules: tuple[Rule, ...],
    readings: Sequence[Reading],
    caller: Caller,
    *,
    is_anthropic: bool,
    now: float,
) -> Headers:
    """The headers about ``rules``, which have these ``readings``. ``now`` is in seconds since the
    epoch.

    Amounts that are shared with others are not told, nor those that only warn.
    """
    is_spoken_for = bool(caller.spoken_for)
    key = (is_anthropic, is_spoken_for, *map(id, rules))
    _, lines, warning = _plans.get(key) or _noted(key, rules, caller)
    headers: Headers = []
    for told, usual_amount, whole in lines:
        place, names = told[0] if len(told) == 1 else _tightest(told, readings)
        _, amount, used, seconds, _, _, _, _ = readings[place]
        left = amount - used if amount > used else 0  # of an amount that was lowered since
        headers.append(whole if amount == usual_amount else (names[0], b"%d" % amount))
        headers.append((names[1], b"%d" % left))
        if len(names) == len(PARTS):
            text = moment(ceil(now + seconds)) if is_anthropic else duration(seconds)
            headers.append((names[2], text))
    if warning:
        over = [rules[place].label for place in warning if readings[place].is_over]
        if over:
            headers.append((WARNING_HEADER, labels(over).encode()))
    return headers


def _noted(key: tuple[int, ...], rules: tuple[Rule, ...], caller: Caller) -> _Plan:
    """The plan for ``rules``, which is the same for all requests of such callers."""
    is_anthropic, _, *_ = key
    named = ANTHROPIC if is_anthropic else OPENAI
    warning = (place for place, rule in enumerate(rules) if rule.mode is Mode.WARN)
    told: dict[Metric, list[int]] = {}
    for place, rule in enumerate(rules):
        if rule.mode is Mode.ENFORCE and rule.is_own_of(caller):
            told.setdefault(rule.metric, []).append(place)
    lines = [_line(names, rules, told[metric]) for metric, names in named.items() if metric in told]
    if len(_plans) >= MOST_KNOWN:
        _plans.clear()
    plan = _plans[key] = _Plan(rules, tuple(lines), tuple(warning))
    return plan


def _line(names: Names, rules: Sequence[Rule], places: Sequence[int]) -> _Line:
    amount = rules[places[0]].amount
    # A total is never reset.
    told = [
        (place, names[:2] if rules[place].window is Window.TOTAL else names) for place in places
    ]
    return _Line(tuple(told), amount, (names[0], b"%d" % amount))


def duration(seconds: float) -> bytes:
    """``seconds`` as Go writes them, rounded up: to milliseconds, and from a minute on to
    seconds."""
    if seconds > SECONDS_PER_MINUTE:
        return _of_minutes(ceil(seconds - INEXACT / 1000))
    milliseconds = ceil(seconds * 1000 - INEXACT)
    if milliseconds <= 0:
        return b"0s"
    if milliseconds < 1000:
        return b"%dms" % milliseconds
    whole, part = divmod(milliseconds, 1000)
    if whole == SECONDS_PER_MINUTE:
        return _of_minutes(whole)
    return (b"%d.%03d" % (whole, part)).rstrip(b"0") + b"s" if part else b"%ds" % whole


@lru_cache(maxsize=4096)
def _of_minutes(seconds: int) -> bytes:
    """Of a period, requests of the same second are told the same."""
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


def _tightest(told: Sequence[Told], readings: Sequence[Reading]) -> Told:
    """The one with the least left, and of several the one that lasts the longest."""

    def room(one: Told) -> tuple[int, float]:
        reading = readings[one[0]]
        return max(reading.amount - reading.used, 0), -reading.reset_seconds

    return min(told, key=room)
