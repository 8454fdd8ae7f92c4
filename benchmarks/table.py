"""The figures of a comparison as one table, in Markdown, with ratios to one of the contenders."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Figures = dict[str, Any]


@dataclass(frozen=True)
class Row:
    label: str
    unit: str
    digits: int
    value: Callable[[Figures], float]


def of_stream(figures: Figures, name: str) -> float:
    return float(figures.get("stream", {}).get(name, math.nan))


ROWS = (
    Row("CPU per chat request", "µs", 0, lambda it: it["cpu_per_request_us"]),
    Row("requests per second", "", 0, lambda it: it["requests_per_second"]),
    Row("CPU per streamed chunk", "µs", 1, lambda it: it.get("cpu_per_chunk_us", math.nan)),
    Row("time to first chunk, p50", "ms", 0, lambda it: of_stream(it, "ttft_p50_ms")),
    Row("time to first chunk, p99", "ms", 0, lambda it: of_stream(it, "ttft_p99_ms")),
    Row("RSS idle", "MB", 0, lambda it: it["idle_rss_mb"]),
    Row("RSS after", "MB", 0, lambda it: it["after_rss_mb"]),
    Row("RSS per stream", "KB", 0, lambda it: it.get("rss_per_stream_kb", math.nan)),
    Row("start to ready", "s", 1, lambda it: it["start_seconds"]),
)


def rendered(contenders: dict[str, Figures], *, reference: str) -> str:
    """One column for each contender; all are compared with ``reference``, if that is among them."""
    cells = [["", *contenders], *(cells_of(row, contenders, reference) for row in ROWS)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(padded(row, widths)) + " |" for row in cells]
    rule = "|" + "|".join(dashes(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def cells_of(row: Row, contenders: dict[str, Figures], reference: str) -> list[str]:
    base = row.value(contenders[reference]) if reference in contenders else 0.0
    return [
        row.label,
        *(
            shown(row, row.value(it), 0.0 if name == reference else base)
            for name, it in contenders.items()
        ),
    ]


def shown(row: Row, value: float, base: float) -> str:
    """``value``, and how many times ``base`` it is where that says something; – if none."""
    if math.isnan(value):
        return "–"
    text = f"{value:,.{row.digits}f} {row.unit}".strip()
    return f"{text} ({ratio(value / base)})" if base > 0 and value > 0 else text


def ratio(value: float) -> str:
    """``12x``, ``2.6x``, ``0.04x``: two figures that mean something."""
    return (
        f"{value:.0f}x" if value >= 9.95 else f"{value:.1f}x" if value >= 0.95 else f"{value:.2g}x"
    )


def padded(row: list[str], widths: list[int]) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if number else cell.ljust(width)


def dashes(widths: list[int]) -> Iterator[str]:
    for number, width in enumerate(widths):
        yield "-" * (width + 1) + ":" if number else "-" * (width + 2)
