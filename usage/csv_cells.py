"""Cells of CSV that a spreadsheet shows, and does not run."""

from __future__ import annotations

from typing import Any

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(value: Any) -> Any:
    """A spreadsheet takes a text with such a beginning for a formula; clients choose model ids."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
