"""Tables of text: what is piped is never cut, and a terminal gets lines that fit."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from typing import Any

GAP = "  "
PIPED_WIDTH = 10_000
NARROWEST = 40


def width_of(output: Any) -> int:
    """The columns of the terminal behind ``output``; without one, as many as a line may need."""
    if not output.isatty():
        return PIPED_WIDTH
    return max(shutil.get_terminal_size().columns, NARROWEST)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """``rows`` in columns as wide as their longest cell; those in ``right`` are aligned there."""
    widths = [max(len(row[n]) for row in (heads, *rows)) for n in range(len(heads))]
    figures = frozenset(right)
    return "\n".join(
        GAP.join(
            cell.rjust(width) if n in figures else cell.ljust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    )


def records(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """``rows`` one below the other, a line for each cell, where a table would be too wide."""
    width = max(map(len, heads))
    return "\n\n".join(
        "\n".join(f"{head:<{width}}{GAP}{cell}" for head, cell in zip(heads, row, strict=True))
        for row in rows
    )


def visible(text: str) -> str:
    """``text`` without what would move a terminal's cursor, as ids of clients and upstreams may."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "�" for c in text)


def shortened(text: str, most: int) -> str:
    """``text`` with its middle left out where it is longer than ``most`` characters."""
    if len(text) <= most:
        return text
    head = most // 2
    tail = most - 1 - head
    return f"{text[:head]}…{text[len(text) - tail :]}"
