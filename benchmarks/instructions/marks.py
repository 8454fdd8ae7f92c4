"""Marks within a program under valgrind, which counts the instructions between one and the next.

A mark is a call of a function of the C library that nothing else calls. Valgrind is told to write
down its count whenever that begins, and Python's side remembers what the stretch behind it is.
"""

from __future__ import annotations

from math import cbrt

MARK_SYMBOL = "cbrt"  # as valgrind sees it


class Marks:
    """``names[n]`` is the stretch between the mark ``n`` and the next one."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def begin(self, name: str) -> None:
        """Everything from here to the next mark belongs to ``name``."""
        self.names.append(name)
        cbrt(1.0)
