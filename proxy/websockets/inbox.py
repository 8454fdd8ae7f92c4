"""The messages of a client, read ahead of who deals with them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

MOST_BYTES_AHEAD = 2**20  # waiting messages beyond this stop the reading from the client
MESSAGE_BYTES = 256  # what each message takes beside its text: empty ones fill the memory, too

Message = dict[str, Any]


class Inbox:
    """Reads on while a message is dealt with, or nobody would notice that the client has left.

    ``on_leave`` is called at that moment; the message that says so comes in its turn all the same.
    """

    def __init__(self, receive: Callable[[], Awaitable[Any]], on_leave: Callable[[], None]) -> None:
        self._receive = receive
        self._on_leave = on_leave
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._bytes = 0
        self._has_room = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def next(self) -> Any:
        """The next message, in the order they came."""
        message = await self._messages.get()
        self._bytes -= _size(message)
        self._has_room.set()
        return message

    def close(self) -> None:
        """Read no further."""
        self._reader.cancel()

    async def _read(self) -> None:
        while True:
            message: Message = await self._receive()
            self._messages.put_nowait(message)
            self._bytes += _size(message)
            if message["type"] == "websocket.disconnect":
                self._on_leave()
                return
            while self._bytes > MOST_BYTES_AHEAD:
                self._has_room.clear()
                await self._has_room.wait()


def _size(message: Message) -> int:
    return MESSAGE_BYTES + len(message.get("text") or message.get("bytes") or "")
