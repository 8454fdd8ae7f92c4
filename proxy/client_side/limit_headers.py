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
from urllib.parse import quote

from limits.choices import Metric, Mode, Window
from limits.meters.interface import Reading
from limits.rule import Rule

Headers = list[tuple[bytes, bytes]]
Told = tuple[Rule, Reading]

WARNING_HEADER = b"x-gateway-limit-warning"
MOST_WARNINGS = 10
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
Names = tuple[bytes, bytes, bytes]
OPENAI: dict[Metric, Names] = {
    metric: tuple(f"x-ratelimit-{part}-{METRICS[metric]}".encode() for part in PARTS)  # type: ignore[misc]
    for metric in (Metric.REQUESTS, Metric.TOKENS)
}
ANTHROPIC: dict[Metric, Names] = {
    metric: tuple(f"anthropic-ratelimit-{name}-{part}".encode() for part in PARTS)  # type: ignore[misc]
    for metric, name in METRICS.items()
}
NAMES = tuple(
    name.decode()
    for name in (
        *(name for names in (*OPENAI.values(), *ANTHROPIC.values()) for name in names),
        WARNING_HEADER,
    )
)


def limit_headers(told: Iterable[Told], *, is_anthropic: bool, now: float) -> Headers:
    """The headers about limits and their readings. ``now`` is in seconds since the epoch.

    Amounts that are shared with others are not told, nor those that only warn.
    """
    names = ANTHROPIC if is_anthropic else OPENAI
    tightest: dict[Metric, Told] = {}
    warnings: list[str] = []
    for pair in told:
        rule, reading = pair
        metric, mode = rule.metric, rule.mode
        if mode is Mode.WARN:
            if reading.is_over:
                warnings.append(rule.label)
        elif metric in names and mode is Mode.ENFORCE and rule.is_own:
            known = tightest.get(metric)
            if known is None or _is_tighter(reading, known[1]):
                tightest[metric] = pair
    headers: Headers = []
    for metric in names:
        if metric not in tightest:
            continue
        limit, left, reset = names[metric]
        rule, reading = tightest[metric]
        seconds = reading.reset_seconds
        headers.append((limit, b"%d" % reading.amount))
        headers.append((left, b"%d" % remaining(reading)))
        if rule.window is not Window.TOTAL:  # which is never reset
            text = moment(now + seconds) if is_anthropic else duration(seconds)
            headers.append((reset, text.encode()))
    if warnings:
        headers.append((WARNING_HEADER, labels(warnings).encode()))
    return headers


def duration(seconds: float) -> str:
    """``seconds`` as Go writes them, rounded up to milliseconds."""
    milliseconds = max(ceil(seconds * 1000 - INEXACT), 0)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    whole, part = divmod(milliseconds, 1000)
    end = f".{part:03d}".rstrip("0") + "s" if part else "s"
    if whole < SECONDS_PER_MINUTE:
        return f"{whole}{end}"
    minutes, whole = divmod(whole, 60)
    if minutes < MINUTES_PER_HOUR:
        return f"{minutes}m{whole}{end}"
    return f"{minutes // 60}h{minutes % 60}m{whole}{end}"


def moment(at: float) -> str:
    """``at``, in seconds since the epoch, as RFC 3339 has it, rounded up to seconds."""
    return datetime.fromtimestamp(ceil(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def labels(of: Iterable[str]) -> str:
    """Labels of limits, percent-encoded except for spaces."""
    return ", ".join(quote(label, safe=" ") for label in list(of)[:MOST_WARNINGS])


def remaining(reading: Reading) -> int:
    """The units that are left; none of an amount that was lowered since."""
    return max(reading.amount - reading.used, 0)


def _is_tighter(one: Reading, other: Reading) -> bool:
    """Whether less is left of ``one``, or as much, and that for longer."""
    left, known = remaining(one), remaining(other)
    return left < known or (left == known and one.reset_seconds > other.reset_seconds)
