"""The figures of a comparison as one table, in Markdown, with ratios to the first contender."""

from __future__ import annotations

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


ROWS = (
    Row("CPU per chat request", "µs", 0, lambda it: it["cpu_per_request_us"]),
    Row("requests per second", "", 0, lambda it: it["requests_per_second"]),
    Row("CPU per streamed chunk", "µs", 1, lambda it: it["cpu_per_chunk_us"]),
    Row("time to first chunk, p50", "ms", 0, lambda it: it["stream"]["ttft_p50_ms"]),
    Row("time to first chunk, p99", "ms", 0, lambda it: it["stream"]["ttft_p99_ms"]),
    Row("RSS idle", "MB", 0, lambda it: it["idle_rss_mb"]),
    Row("RSS after", "MB", 0, lambda it: it["after_rss_mb"]),
    Row("RSS per stream", "KB", 0, lambda it: it["rss_per_stream_kb"]),
    Row("start to ready", "s", 1, lambda it: it["start_seconds"]),
)


def rendered(contenders: dict[str, Figures]) -> str:
    """One column for each contender, the first being what the others are compared with."""
    cells = [["", *contenders], *(cells_of(row, list(contenders.values())) for row in ROWS)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(padded(row, widths)) + " |" for row in cells]
    rule = "|" + "|".join(dashes(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def cells_of(row: Row, figures: list[Figures]) -> list[str]:
    values = [row.value(it) for it in figures]
    first = f"{values[0]:,.{row.digits}f} {row.unit}".strip()
    return [row.label, first, *(compared(row, value, values[0]) for value in values[1:])]


def compared(row: Row, value: float, first: float) -> str:
    shown = f"{value:,.{row.digits}f} {row.unit}".strip()
    return f"{shown} ({ratio(value / first)})" if first > 0 and value > 0 else shown


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
