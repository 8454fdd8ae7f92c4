"""What is left of the caller's own limits, in the headers of OpenAI and of Anthropic.

OpenAI writes the time to a reset as Go writes durations (``8.64s``, ``6m0s``), Anthropic as a
moment of RFC 3339. Of several limits that count the same, the one with the least left is told.
https://platform.openai.com/docs/guides/rate-limits
https://docs.anthropic.com/en/api/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple
from urllib.parse import quote

from limits.choices import Metric, Mode, Window
from limits.meters.interface import Reading
from limits.rule import Rule

Header = tuple[bytes, bytes]
Headers = list[Header]
Told = tuple[Rule, Reading]

WARNING_HEADER = b"x-gateway-limit-warning"
MOST_WARNINGS = 10
MOST_KNOWN = 10_000  # limits
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


class _Way(NamedTuple):
    """How readings of ``rule`` are told. Clients see the metrics by their ``order``, whatever that
    of the limits is; of one without ``names``, nothing is told but what it ``warns`` of. ``whole``
    is the header of the rule's own amount.
    """

    rule: Rule
    order: int
    names: Names
    warns: bool
    whole: Header


Ways = dict[int, _Way]  # by the id of the rule, which lives in them
_of_openai: Ways = {}
_of_anthropic: Ways = {}


def limit_headers(told: Iterable[Told], *, is_anthropic: bool, now: float) -> Headers:
    """The headers about limits and their readings. ``now`` is in seconds since the epoch.

    Amounts that are shared with others are not told, nor those that only warn.
    """
    ways = _of_anthropic if is_anthropic else _of_openai
    tightest: dict[int, tuple[_Way, Reading]] = {}
    warnings: list[str] = []
    for rule, reading in told:
        way = ways.get(id(rule))
        if way is None or way.rule is not rule:
            way = _noted(ways, rule, ANTHROPIC if is_anthropic else OPENAI)
        if way.names:
            order = way.order
            known = tightest.get(order)
            if known is None or _is_tighter(reading, known[1]):
                tightest[order] = way, reading
        elif way.warns and reading.is_over:
            warnings.append(rule.label)
    headers: Headers = []
    for order in sorted(tightest) if len(tightest) > 1 else tightest:
        (rule, _, names, _, whole), (_, amount, used, seconds, _, _, _, _) = tightest[order]
        left = amount - used if amount > used else 0  # of an amount that was lowered since
        headers.append(whole if amount == rule.amount else (names[0], b"%d" % amount))
        headers.append((names[1], b"%d" % left))
        if len(names) == len(PARTS):
            text = moment(now + seconds) if is_anthropic else duration(seconds)
            headers.append((names[2], text.encode()))
    if warnings:
        headers.append((WARNING_HEADER, labels(warnings).encode()))
    return headers


def _noted(ways: Ways, rule: Rule, names: dict[Metric, Names]) -> _Way:
    """The way of ``rule``, which is the same for all requests."""
    way = _Way(rule, 0, (), warns=rule.mode is Mode.WARN, whole=(b"", b""))
    if rule.mode is Mode.ENFORCE and rule.is_own and rule.metric in names:
        three = names[rule.metric]
        # A total is never reset.
        mine = three[:2] if rule.window is Window.TOTAL else three
        whole = three[0], b"%d" % rule.amount
        way = _Way(rule, list(names).index(rule.metric), mine, warns=False, whole=whole)
    if len(ways) >= MOST_KNOWN:
        ways.clear()
    ways[id(rule)] = way
    return way


def duration(seconds: float) -> str:
    """``seconds`` as Go writes them, rounded up to milliseconds."""
    milliseconds = ceil(seconds * 1000 - INEXACT)
    if milliseconds < 1000:
        return f"{milliseconds}ms" if milliseconds > 0 else "0s"
    whole = milliseconds // 1000
    part = milliseconds - whole * 1000
    end = f".{part:03d}".rstrip("0") + "s" if part else "s"
    if whole < SECONDS_PER_MINUTE:
        return f"{whole}{end}"
    minutes = whole // 60
    whole -= minutes * 60
    if minutes < MINUTES_PER_HOUR:
        return f"{minutes}m{whole}{end}"
    hours = minutes // 60
    return f"{hours}h{minutes - hours * 60}m{whole}{end}"


def moment(at: float) -> str:
    """``at``, in seconds since the epoch, as RFC 3339 has it, rounded up to seconds."""
    return datetime.fromtimestamp(ceil(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels(of: Iterable[str]) -> str:
    """Labels of limits, percent-encoded except for spaces."""
    return ", ".join(quote(label, safe=" ") for label in list(of)[:MOST_WARNINGS])


def _is_tighter(one: Reading, other: Reading) -> bool:
    """Whether less is left of ``one``, or as much, and that for longer."""
    left, known = max(one.amount - one.used, 0), max(other.amount - other.used, 0)
    return left < known or (left == known and one.reset_seconds > other.reset_seconds)
