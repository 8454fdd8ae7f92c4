"""The events of one answer, as many as may be kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

from proxy.errors import AnsweredError


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
    """Grows while the answer comes; ``owner`` may read it. Past ``limit_bytes`` the oldest go."""

    def __init__(self, *, owner: str, limit_bytes: int) -> None:
        self.owner = owner
        self.size_bytes = 0
        self.is_complete = False
        self.first = 1  # the number of the oldest event that is kept
        self._limit_bytes = limit_bytes
        self._events: list[bytes] = []
        self._news = asyncio.Event()

    def add(self, event: bytes) -> None:
        """Keep ``event`` as the next one."""
        self._events.append(event)
        self.size_bytes += len(event)
        dropped = 0
        while self.size_bytes > self._limit_bytes and dropped < len(self._events) - 1:
            self.size_bytes -= len(self._events[dropped])
            dropped += 1
        del self._events[:dropped]
        self.first += dropped
        self._tell()

    def complete(self) -> None:
        """Say that no more events come."""
        self.is_complete = True
        self._tell()

    def events_after(self, number: int) -> list[bytes]:
        """What is there behind event ``number``. Raises :class:`EventsGoneError`."""
        if number + 1 < self.first:
            raise EventsGoneError
        return self._events[number + 1 - self.first :]

    async def news_after(self, number: int) -> list[bytes]:
        """The same, waiting for at least one; none once the answer is complete."""
        while not (events := self.events_after(number)) and not self.is_complete:
            await self._news.wait()
        return events

    async def after(self, number: int) -> AsyncGenerator[bytes]:
        """The events behind ``number`` to the end of the answer, as they come."""
        while events := await self.news_after(number):
            number += len(events)
            yield b"".join(events)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
