"""Reports as lines of at most 80 columns, or of what the terminal has."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from functools import reduce

from accounts.management.tables import GAP, NARROWEST, shortened, table
from usage.reports import Line
from usage.summary import TOTAL, Summary

HEADS = ("requests", "failed", "input", "output", "cost")
COMMON_WIDTH = 80
THOUSAND = 1000
UNITS = ("", "k", "M", "G", "T", "P", "E")


def width() -> int:
    """The columns of the terminal; 80 where there is none."""
    return max(shutil.get_terminal_size((COMMON_WIDTH, 24)).columns, NARROWEST)


def summary_lines(summary: Summary, zone: str) -> Iterator[str]:
    total = summary.total
    yield f"{summary.period} ({zone})"
    share = f" ({total.failed / total.requests:.1%})" if total.failed else ""
    yield f"{total.requests:,} requests, {total.failed:,} failed{share}"
    yield f"{compact(total.prompt_tokens)} tokens in, {compact(total.completion_tokens)} out"
    if summary.p50_ms is not None and summary.p95_ms is not None:
        yield f"p50 {seconds(summary.p50_ms)}, p95 {seconds(summary.p95_ms)}"
    notes = [f"{total.unpriced:,} requests without a price"] if total.unpriced else []
    notes += [f"{total.estimated:,} estimated"] if total.estimated else []
    yield f"cost {cost(total)}" + (f" ({', '.join(notes)})" if notes else "")
    if summary.of_pruned:
        yield summary.of_pruned


def report_table(by: str, lines: Sequence[Line], total: Line, *, limit: int | None) -> str:
    """A row for each of the first ``limit`` lines, one for the others, and the total."""
    shown, others = (lines, ()) if limit is None else (lines[:limit], lines[limit:])
    rows = [(line.group or "(none)", *figures(line)) for line in shown]
    if others:
        rest = reduce(Line.__add__, others, Line(group=""))
        rows.append((f"… {len(others):,} more", *figures(rest)))
    rows.append((TOTAL, *figures(total)))
    taken = sum(
        len(GAP) + max(len(row[n]) for row in ((by, *HEADS), *rows))
        for n in range(1, len(HEADS) + 1)
    )
    room = max(width() - taken, len(by), 8)
    fitting = [(shortened(row[0], room), *row[1:]) for row in rows]
    return table((by, *HEADS), fitting, right=range(1, len(HEADS) + 1))


def figures(line: Line) -> tuple[str, ...]:
    counts = (f"{line.requests:,}", f"{line.failed:,}")
    return *counts, compact(line.prompt_tokens), compact(line.completion_tokens), cost(line)


def cost(line: Line) -> str:
    """``~`` where some of it is estimated, ``+`` where some of it is not known."""
    if line.is_cost_unknown:
        return "unknown"
    about, more = "~" if line.estimated else "", "+" if line.unpriced else ""
    places = 2 if line.cost >= 1 or not line.cost else 4
    return f"{about}${line.cost:,.{places}f}{more}"


def compact(count: float) -> str:
    """``987``, ``1.2k``, ``34.5M``."""
    size = float(count)
    for unit in UNITS[:-1]:
        if size < THOUSAND - 0.05:
            return f"{size:.1f}{unit}" if unit else f"{count:,.0f}"
        size /= THOUSAND
    return f"{size:,.1f}{UNITS[-1]}"


def seconds(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < THOUSAND else f"{milliseconds / THOUSAND:,.1f} s"
