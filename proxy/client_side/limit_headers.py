"""What is left of the caller's own limits, in the headers of OpenAI and of Anthropic.

OpenAI writes the time to a reset as Go writes durations (``8.64s``, ``6m0s``), Anthropic as a
moment of RFC 3339. Of several limits that count the same, the one with the least left is told.
https://platform.openai.com/docs/guides/rate-limits
https://docs.anthropic.com/en/api/rate-limits
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import ceil
from urllib.parse import quote

from limits.choices import Metric, Mode, Window
from limits.meters import Reading
from limits.rule import Rule
from limits.words import is_own

Headers = list[tuple[bytes, bytes]]
Told = tuple[Rule, Reading]

WARNING_HEADER = b"x-gateway-limit-warning"
MOST_WARNINGS = 10
# By the names of OpenAI and of Anthropic; the latter knows all of them.
OPENAI = {Metric.REQUESTS: "requests", Metric.TOKENS: "tokens"}
ANTHROPIC = OPENAI | {Metric.INPUT_TOKENS: "input-tokens", Metric.OUTPUT_TOKENS: "output-tokens"}
PARTS = ("limit", "remaining", "reset")
NAMES = (
    *(f"x-ratelimit-{part}-{name}" for name in OPENAI.values() for part in PARTS),
    *(f"anthropic-ratelimit-{name}-{part}" for name in ANTHROPIC.values() for part in PARTS),
    WARNING_HEADER.decode(),
)


def limit_headers(told: Iterable[Told], *, is_anthropic: bool, now: float) -> Headers:
    """The headers about limits and their readings. ``now`` is in seconds since the epoch.

    Amounts that are shared with others are not told, nor those that only warn.
    """
    pairs = list(told)
    headers: Headers = []
    for metric, name in (ANTHROPIC if is_anthropic else OPENAI).items():
        tightest = _tightest(pairs, metric)
        if tightest is not None:
            headers += _anthropic(name, tightest, now) if is_anthropic else _openai(name, tightest)
    if warnings := ", ".join(_warnings(pairs)):
        headers.append((WARNING_HEADER, warnings.encode()))
    return headers


def duration(seconds: float) -> str:
    """``seconds`` as Go writes them, rounded up to milliseconds."""
    milliseconds = max(ceil(round(seconds * 1000, 3)), 0)
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, rest = divmod(milliseconds, 60_000)
    text = f"{rest / 1000:.3f}".rstrip("0").rstrip(".") + "s"
    if not minutes:
        return text
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{text}" if hours else f"{minutes}m{text}"


def remaining(reading: Reading) -> int:
    """The units that are left, after a lowered amount none."""
    return max(reading.amount - reading.used, 0)


def _tightest(pairs: list[Told], metric: Metric) -> Told | None:
    own = [
        (rule, reading)
        for rule, reading in pairs
        if rule.metric is metric and rule.mode is Mode.ENFORCE and is_own(rule)
    ]
    return min(own, key=lambda each: (remaining(each[1]), -each[1].reset_seconds), default=None)


def _openai(name: str, told: Told) -> Headers:
    rule, reading = told
    values = [reading.amount, remaining(reading), duration(reading.reset_seconds)]
    return [
        (f"x-ratelimit-{part}-{name}".encode(), str(value).encode())
        for part, value in zip(PARTS, values, strict=True)
        if part != "reset" or rule.window is not Window.TOTAL  # which has none
    ]


def _anthropic(name: str, told: Told, now: float) -> Headers:
    rule, reading = told
    values: list[int | str] = [reading.amount, remaining(reading)]
    if rule.window is not Window.TOTAL:
        moment = datetime.fromtimestamp(ceil(now + reading.reset_seconds), UTC)
        values.append(moment.isoformat().replace("+00:00", "Z"))
    return [
        (f"anthropic-ratelimit-{name}-{part}".encode(), str(value).encode())
        for part, value in zip(PARTS, values, strict=False)
    ]


def _warnings(pairs: list[Told]) -> Iterator[str]:
    """The labels of limits that are over and only warn, percent-encoded but for spaces."""
    labels = [rule.label for rule, reading in pairs if rule.mode is Mode.WARN and reading.is_over]
    for label in labels[:MOST_WARNINGS]:
        yield quote(label, safe=" ")
