"""Where in a chunked body one chunk ends and the next begins, as far as a glance can tell."""

from __future__ import annotations

import re

LINE_END = b"\r\n"
HEAD_END = b"\r\n\r\n"
# The parser takes extensions, spaces and lone line feeds, too. More digits no stream of events has.
SIZE = re.compile(rb"([0-9A-Fa-f]{1,7})\r\n")

_IN_HEAD = -1
_LOST = -2


class ChunkBorders:
    """Follows a response from its first byte on, beside the parser that it is fed to.

    A border is where the parser expects the size of a chunk. Nothing else is ever taken for one:
    what is unusual, or cut within a size or a line's end, is lost track of for good.
    """

    __slots__ = ("_ahead",)

    def __init__(self) -> None:
        self._ahead = _IN_HEAD  # bytes to the next border

    def only_chunk(self, data: bytes) -> bytes:
        """What the chunk holds if ``data`` is one from border to border, and nothing otherwise.

        The parser may be spared such data: it would be where it was.
        """
        if self._ahead or not data.endswith(LINE_END):
            return b""
        size = SIZE.match(data)
        if size is None:
            return b""
        content = data[size.end() : -len(LINE_END)]
        return content if int(size[1], 16) == len(content) else b""

    def follow(self, data: bytes) -> None:
        """Take note of what the parser is fed."""
        at = _end_of_head(data) if self._ahead == _IN_HEAD else self._ahead
        while _LOST < at < len(data):
            at = _end_of_chunk(data, at)
        is_cut = 0 < at == len(data) and not data.endswith(LINE_END)
        self._ahead = _LOST if at == _LOST or is_cut else at - len(data)


def _end_of_head(data: bytes) -> int:
    end = data.find(HEAD_END)
    return _LOST if end < 0 else end + len(HEAD_END)


def _end_of_chunk(data: bytes, border: int) -> int:
    """Where the chunk at ``border`` ends, which may be behind ``data``."""
    size = SIZE.match(data, border)
    if size is None or (border and not data.endswith(LINE_END, 0, border)):
        return _LOST
    length = int(size[1], 16)
    return size.end() + length + len(LINE_END) if length else _LOST
