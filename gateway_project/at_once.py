"""Reads and writes that a view does without waiting.

Each method returns False or None for what has to wait or is unusual, and uvicorn does that: with
coroutines, messages and timers. ``private_members`` lists what it relies on within uvicorn.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway_project.answer_head import HeadWithBody, whole_head

SHORT_BODY = 65_536  # bytes; a copy is quicker than two buffers in one call of the system


class AtOnce(HttpToolsProtocol):
    """A connection whose requests are in ``_cycles``, in the order of their answers."""

    _cycles: deque[RequestResponseCycle]

    def whole_body(self, most: int) -> bytes | None:
        """Take the body of the request, if all of it has come and that is ``most`` bytes at most.

        ASGI's own way takes a coroutine, a message, and a timer for a client that does not send.
        """
        if not self._cycles:
            return None
        cycle = self._cycles[0]
        if cycle.more_body or cycle.disconnected or len(cycle.body) > most:
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        return body

    def write_response(
        self, extensions: object, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> bool:
        """Write a whole response and its ``content-length``, to the request whose scope has these
        ``extensions``.

        Returns False, and writes nothing, where the client has to be waited for or uvicorn must
        decide.
        """
        cycle = self._cycles[0] if self._cycles else None
        if cycle is None or cycle.scope["extensions"] is not extensions:
            return False  # the client has left, or the next of its requests has its turn
        if cycle.response_started or self.flow.write_paused or self.transport.is_closing():
            return False
        if isinstance(cycle.transport, HeadWithBody) and cycle.transport.is_waiting:
            return False
        # uvicorn writes the access log itself.
        if cycle.access_log or cycle.scope["method"] == "HEAD":
            return False
        fields = [*cycle.default_headers, *headers]
        head = whole_head(status, fields, len(body), closes=not cycle.keep_alive)
        if head is None:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport = self.transport  # the stand-in refers to the cycle, and that to it
        if len(body) <= SHORT_BODY:
            self.transport.write(head + body)
        else:
            self.transport.writelines((head, body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def write_part(self, body: bytes) -> bool:
        """Write a further part of the answer that is being streamed, unless that has to wait.

        Returns whether it was written. uvicorn's own way takes a coroutine and a message.
        """
        if not self._cycles or self.flow.write_paused:
            return False
        cycle = self._cycles[0]
        if cycle.disconnected or not cycle.chunked_encoding:
            return False
        cycle.transport.write(b"%x\r\n%b\r\n" % (len(body), body))
        return True
