"""The heads of responses. That of a whole response is built here; that of a stream waits for the
first bytes of its body. Each saves a system call and a packet.

``private_members`` lists what it relies on within uvicorn.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from http import HTTPStatus
from operator import itemgetter

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

# Responses without a body have no length: uvicorn writes them.
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
    if status >= HTTPStatus.OK and status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
}
CONTROLS = bytes([*range(9), *range(10, 32), 127])  # control characters, except for the tab
CLOSE = b"connection: close"
NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
# uvicorn reads the length of a body and the end of a connection from these.
OF_THE_CONNECTION = frozenset({b"connection", b"content-length", b"transfer-encoding"})
NAME_OF = itemgetter(0)
MOST_KNOWN = 1000
Fields = Sequence[tuple[bytes, bytes]]

_known_names: set[bytes] = set()  # of plain fields


def whole_head(status: int, fields: Fields, length: int, *, closes: bool) -> bytes | None:
    """The head of a response whose body has ``length`` bytes; None for one that uvicorn must write.

    No value can end its line: the line breaks in the whole head are counted.
    """
    first = STATUS_LINES.get(status)
    if first is None:
        return None
    if not _known_names.issuperset(map(NAME_OF, fields)) and not all(
        _is_plain(name) for name, _ in fields
    ):
        return None
    lines = [*map(b": ".join, fields), b"content-length: %d\r\n\r\n" % length]
    if closes:
        lines.insert(0, CLOSE)
    head = first + b"\r\n".join(lines)
    breaks = len(lines) + 2
    if len(head) - len(head.translate(None, CONTROLS)) != 2 * breaks:
        return None
    return head


def _is_plain(name: bytes) -> bool:
    if name in OF_THE_CONNECTION or NAME.fullmatch(name) is None:
        return False
    if len(_known_names) < MOST_KNOWN:
        _known_names.add(name)
    return True


class HeadWithBody:
    """Stands in for the transport of ``cycle`` until the head of its answer is written.

    The head waits for what is written behind it, or for the event loop's next turn.
    """

    __slots__ = ("_cycle", "_head", "_loop", "_transport")

    def __init__(
        self,
        cycle: RequestResponseCycle,
        transport: asyncio.Transport,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._cycle = cycle
        self._transport = transport
        self._loop = loop
        self._head = b""

    @property
    def is_waiting(self) -> bool:
        """Whether something was written that is not on its way, such as ``100 Continue``."""
        return bool(self._head)

    def write(self, data: bytes) -> None:
        if self._head:
            self._write(self._head + data)
        else:
            self._head = data
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._head and not self._transport.is_closing():
            self._write(self._head)

    def _write(self, data: bytes) -> None:
        self._head = b""
        self._cycle.transport = self._transport  # all later bytes go there directly
        self._transport.write(data)
