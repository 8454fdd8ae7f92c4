"""Marks: the names of periods, as requests carry them to their records."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

SEPARATOR = ":"
# Numbers of up to 64 bits, and the shares that limits.rule tells of.
MARK = re.compile(r"([0-9]{1,18}):([uk]?[0-9a-f]{0,32}):([0-9]{1,18})")


class Mark(NamedTuple):
    """A limit's count for one share, from ``start`` (seconds since the epoch) to its period's end.

    Written ``<limit id>:<share>:<start>``, and with a metric behind it as the name of a meter.
    """

    limit_id: int
    share: str
    start: int

    def __str__(self) -> str:
        return SEPARATOR.join(map(str, self))


def read_mark(text: Any) -> Mark | None:
    """None for what is not the mark of a period."""
    return _read(text) if isinstance(text, str) else None


@lru_cache(maxsize=4096)
def _read(text: str) -> Mark | None:
    """Many requests have the same marks."""
    found = MARK.fullmatch(text)
    return None if found is None else Mark(int(found[1]), found[2], int(found[3]))


def meter_of(mark: Mark | str, metric: str) -> str:
    """The name of the meter that counts ``metric`` of a period: see :func:`read_meter`."""
    return f"{mark}{SEPARATOR}{metric}"


def read_meter(name: str) -> tuple[Mark, str] | None:
    """The mark and the metric that a period's meter is named after; None for other meters."""
    text, _, metric = name.rpartition(SEPARATOR)
    mark = read_mark(text)
    return None if mark is None else (mark, metric)
