"""The events of one response, as many as may be kept.

::

    add(event) --> [ first | ... | last ] --> after(number): any number of readers
                      |                          |-- events are there ----> they are read
                      |                          |-- none yet ------------> waits for _news
                      |                          +-- they were dropped ---> EventsGoneError
                      +--> dropped past limit_bytes, or while the room is overfull
    add, complete --> _news is set and replaced: all who wait look again
    complete()    --> readers end behind the last event; completion() returns
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

from proxy.client_side.errors import AnsweredError
from proxy.resumable.room import Room


class EventsGoneError(AnsweredError):
    """The events that were asked for are no longer kept."""

    def __init__(self) -> None:
        super().__init__(
            "The beginning of what you ask for is no longer kept. Ask from a later event.",
            status=HTTPStatus.GONE,
            kind="invalid_request_error",
            param="starting_after",
            code="events_gone",
        )


class Recording:
    """Grows while the answer comes; ``owner`` may read it.

    Its oldest events go past ``limit_bytes``, and where the ``room`` that it shares is overfull.
    """

    def __init__(self, *, owner: str, limit_bytes: int, room: Room | None = None) -> None:
        self.owner = owner
        self.size_bytes = 0
        self.is_complete = False
        self.first = 1  # the number of the oldest event that is kept
        self._limit_bytes = limit_bytes
        self._room = room
        self._events: list[bytes] = []
        self._news = asyncio.Event()
        self._end = asyncio.Event()

    def add(self, event: bytes) -> None:
        """Keep ``event`` as the next one."""
        self._events.append(event)
        self._grow(len(event))
        dropped = 0
        while self._is_too_large() and dropped < len(self._events) - 1:
            self._grow(-len(self._events[dropped]))
            dropped += 1
        del self._events[:dropped]
        self.first += dropped
        self._tell()

    def complete(self) -> None:
        """Say that no more events come."""
        self.is_complete = True
        self._tell()
        self._end.set()

    async def completion(self) -> None:
        """Wait for the end of the answer."""
        await self._end.wait()

    def events_after(self, number: int) -> list[bytes]:
        """The present events after event ``number``. Raises :class:`EventsGoneError`."""
        if number + 1 < self.first:
            raise EventsGoneError
        return self._events[number + 1 - self.first :]

    async def news_after(self, number: int) -> list[bytes]:
        """The same, waiting for at least one; none once the answer is complete."""
        while not (events := self.events_after(number)) and not self.is_complete:
            await self._news.wait()
        return events

    async def after(self, number: int) -> AsyncGenerator[bytes]:
        """The events after ``number`` to the end of the response, as they come."""
        while events := await self.news_after(number):
            number += len(events)
            yield b"".join(events)

    def leave_room(self) -> None:
        """Count no longer among those that share the room."""
        if self._room is not None:
            self._room.take(-self.size_bytes)
            self._room = None

    def _grow(self, size_bytes: int) -> None:
        self.size_bytes += size_bytes
        if self._room is not None:
            self._room.take(size_bytes)

    def _is_too_large(self) -> bool:
        return self.size_bytes > self._limit_bytes or (
            self._room is not None and self._room.is_overfull()
        )

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
