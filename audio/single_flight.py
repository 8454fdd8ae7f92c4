"""Single flight: an answer that several want at the same time is made once for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextvars import Context
from functools import partial
from typing import Protocol

from connections.calling.client import Closable, close_all, owned_responses
from models_registry.targets import Target

TAIL_BYTES = 512 * 1024  # of each response, held in memory
PIECE_BYTES = 128 * 1024


class Backing(Protocol):
    """Where an answer is written to while it is made."""

    written_bytes: int  # this many of the first bytes can be read, even after a failure

    async def read(self, position: int, size: int) -> bytes: ...

    def close(self) -> None: ...


class Flight:
    """One answer, made by a task of its own and heard by any number of listeners from the start.

    It goes on while anyone listens. ``make`` calls :meth:`begin` and :meth:`add`; its return is the
    end, and what it raises is raised at every listener. Only the end of the answer is in memory:
    what came before is read from the ``backing``, and where that has failed, making waits for those
    who listen.
    """

    def __init__(self, make: Callable[[Flight], Awaitable[None]]) -> None:
        self.content_type = ""
        self.target: Target | None = None  # whose upstream responds
        self.is_abandoned = False  # all listeners have left, and no other may join
        self.backing: Backing | None = None  # closed when nobody listens any more
        self.is_complete = False  # whether all of it is made
        self._tail = bytearray()
        self._tail_start = 0
        self._failure: BaseException | None = None
        self._listeners: list[Listener] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._owned: list[Closable] = []
        # In a context of its own: what is opened in a request's context is closed at its end.
        self._task = asyncio.create_task(self._run(make), context=Context())

    @property
    def is_joinable(self) -> bool:
        """Whether somebody who comes now would hear it from the start."""
        return not self.is_abandoned and self._tail_start <= self._on_disk

    @property
    def held_bytes(self) -> int:
        """How much of it is in memory."""
        return len(self._tail)

    def begin(self, content_type: str) -> None:
        """Say what it is."""
        self.content_type = content_type
        self._tell()

    async def add(self, part: bytes) -> None:
        """The next part, which the backing has already if it could write it."""
        self._tail += part
        self._tell()
        while (excess := self.held_bytes - TAIL_BYTES) > 0:
            self._room.clear()
            heard = min((listener.position for listener in self._listeners), default=0)
            spare = max(self._on_disk, heard) - self._tail_start
            if spare <= 0:
                await self._room.wait()
            else:
                del self._tail[: min(spare, excess)]
                self._tail_start += min(spare, excess)

    def on_end(self, call: Callable[[], None]) -> None:
        self._task.add_done_callback(lambda _: call())

    def join(self) -> Listener:
        """Listen on behalf of the request at hand, which leaves when it ends."""
        listener = Listener(self)
        self._listeners.append(listener)
        owned = owned_responses.get()
        if owned is not None:
            owned.append(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening. The last one to leave ends what is not complete."""
        self._listeners.remove(listener)
        self._room.set()
        if self._listeners:
            return
        self.is_abandoned = True
        self._failure = None  # its traceback leads back here, and to the requests that it failed
        self._task.cancel()
        if self.backing is not None:
            self.backing.close()

    async def begun(self) -> None:
        """Wait until there is a first part or there was a failure, which is raised."""
        while not (self.content_type or self._failure or self.is_complete):
            await self._news.wait()
        if self._failure is not None:
            raise self._failure

    async def read(self, position: int) -> bytes:
        """The bytes at ``position``, as soon as there are any; none after the end.

        Raises what the making raised, behind all that came before, and what the backing raises.
        """
        while True:
            if self.backing is not None and position < self._tail_start:
                size = min(PIECE_BYTES, self._tail_start - position)
                piece = await self.backing.read(position, size)
                if not piece:
                    raise EOFError("What was written is no longer there.")
                return piece
            start = position - self._tail_start
            if start < len(self._tail):
                return bytes(self._tail[start : start + PIECE_BYTES])
            if self._failure is not None:
                raise self._failure
            if self.is_complete:
                return b""
            await self._news.wait()

    def heard(self) -> None:
        """A listener is further than before."""
        self._room.set()

    @property
    def _on_disk(self) -> int:
        return 0 if self.backing is None else self.backing.written_bytes

    async def _run(self, make: Callable[[Flight], Awaitable[None]]) -> None:
        owned_responses.set(self._owned)
        try:
            await make(self)
            self.is_complete = True
        except Exception as exc:  # noqa: BLE001 - it belongs to those who listen
            self._failure = exc
        finally:
            self._tell()
            await close_all(self._owned)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class Listener:
    """One who listens to a flight; one of the things that its request owns."""

    def __init__(self, flight: Flight) -> None:
        self.flight = flight
        self.position = 0

    async def parts(self) -> AsyncGenerator[bytes]:
        """Everything from the start, as it comes. Raises what the making raised."""
        while part := await self.flight.read(self.position):
            self.position += len(part)
            self.flight.heard()
            yield part

    async def aclose(self) -> None:
        self.flight.leave(self)


class Flights:
    """The upstream calls of this worker, by the names of all recordings that they may become.

    Callers with fewer targets share no call with callers with more.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, ...], Flight] = {}

    def join(self, name: tuple[str, ...], make: Callable[[Flight], Awaitable[None]]) -> Listener:
        """Listen to the flight called ``name``. Starts it unless it is running."""
        flight = self._running.get(name)
        if flight is None or not flight.is_joinable:
            flight = self._running[name] = Flight(make)
            flight.on_end(partial(self._forget, name, flight))
        return flight.join()

    def _forget(self, name: tuple[str, ...], flight: Flight) -> None:
        if self._running.get(name) is flight:
            del self._running[name]
