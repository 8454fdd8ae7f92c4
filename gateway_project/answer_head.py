"""An answer's head and the first of its body in one write: a system call and a packet less.

``private_members`` lists what it relies on within uvicorn.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


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
