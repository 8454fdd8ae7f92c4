"""The part of a recording that a client asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiableError(Exception):
    """The range begins after the end."""


def requested_range(meta: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """The bytes asked for, as (start, stop); None for all of them.

    What is not understood counts as not asked, as HTTP wants it; so does a range that is to hold
    for another version (If-Range). Raises :class:`RangeNotSatisfiableError`.
    """
    match = ONE_RANGE.fullmatch(meta.get("HTTP_RANGE", ""))
    if match is None or meta.get("HTTP_IF_RANGE", etag) != etag:
        return None
    first, last = match.groups()
    if not (first or last) or (first and last and int(last) < int(first)):
        return None
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    if start >= size:
        raise RangeNotSatisfiableError
    return start, stop


def is_not_modified(meta: Mapping[str, str], etag: str) -> bool:
    """Whether the client has this version already (If-None-Match)."""
    said = meta.get("HTTP_IF_NONE_MATCH")
    if said is None:
        return False
    known = [tag.strip().removeprefix("W/") for tag in said.split(",")]
    return etag in known or known == ["*"]
