"""How long a client may take to send the body of a request.

::

    receive() --> timer starts, the server's receive is awaited
                    |-- a message comes -----> the timer is cancelled; the time that it took is
                    |                          subtracted, its bytes earn more; it is returned
                    |-- the timer fires -----> _give_up cancels the task of the reader
                    |                            --> CancelledError --> RequestTimeoutError
                    +-- others cancel -------> CancelledError goes on
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

from proxy.client_side.cancelling import uncancel
from proxy.client_side.errors import RequestTimeoutError

LONGEST_PAUSE_SECONDS = 60.0
# Half a Mbit/s. A client that sends as fast may go on to the end, however large its body is.
SLOWEST_BYTES_PER_SECOND = 64 * 1024

Receive = Callable[[], Awaitable[dict[str, Any]]]


class BodyClock:
    """Wraps ASGI's ``receive`` for as long as the body is still to come.

    The client may have the gateway wait ``seconds`` in all, and a second more for each
    ``SLOWEST_BYTES_PER_SECOND`` that have come. The time that passes between two calls is not the
    client's, but that of an upstream that reads slowly.
    """

    __slots__ = ("_is_late", "_receive", "_seconds_left")

    def __init__(self, receive: Receive, *, seconds: float) -> None:
        self._receive = receive
        self._seconds_left = seconds
        self._is_late = False

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises ``RequestTimeoutError``."""
        reader = cast("asyncio.Task[Any]", asyncio.current_task())
        loop = reader.get_loop()
        began = loop.time()
        # A timer takes a tenth of the time of asyncio.timeout, and every request needs one.
        timer = loop.call_later(
            max(0.0, min(self._seconds_left, LONGEST_PAUSE_SECONDS)),
            self._give_up,
            reader,
        )
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if not self._is_late:
                raise
            uncancel()
            raise RequestTimeoutError from None
        finally:
            timer.cancel()
        earned = len(message.get("body", b"")) / SLOWEST_BYTES_PER_SECOND
        self._seconds_left += earned - (loop.time() - began)
        return message

    def _give_up(self, reader: asyncio.Task[Any]) -> None:
        self._is_late = True
        reader.cancel()
