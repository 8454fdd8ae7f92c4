"""Answers in the making, each made once for all who want it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextvars import Context
from functools import partial

from connections.client import Closable, owned_responses
from models_registry.targets import Target


class Production:
    """One answer, made by a task of its own and heard by any number of listeners from the start.

    It goes on while anyone listens. ``make`` calls :meth:`begin` and :meth:`add`; its return is the
    end, and what it raises is raised at every listener.
    """

    def __init__(self, make: Callable[[Production], Awaitable[None]]) -> None:
        self.content_type = ""
        self.target: Target | None = None  # who gives the answer
        self._parts: list[bytes] = []
        self._is_complete = False
        self._failure: BaseException | None = None
        self._listeners = 0
        self.is_abandoned = False  # by all listeners: nobody is to join any more
        self._news = asyncio.Event()
        self._owned: list[Closable] = []
        # A context of its own: what the first listener's request owns ends with that request.
        self._task = asyncio.create_task(self._run(make), context=Context())

    def begin(self, content_type: str) -> None:
        self.content_type = content_type
        self._tell()

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self._tell()

    def on_end(self, call: Callable[[], None]) -> None:
        self._task.add_done_callback(lambda _: call())

    def join(self) -> None:
        """Listen on behalf of the request at hand, which leaves when it ends."""
        self._listeners += 1
        owned = owned_responses.get()
        if owned is not None:
            owned.append(_Seat(self))

    def leave(self) -> None:
        """Stop listening. The last one to leave ends what is not complete."""
        self._listeners -= 1
        if not self._listeners:
            self.is_abandoned = True
            self._task.cancel()

    async def begun(self) -> None:
        """Wait until there is a first part or there was a failure, which is raised."""
        while not (self.content_type or self._failure or self._is_complete):
            await self._news.wait()
        if self._failure is not None:
            raise self._failure

    async def parts(self) -> AsyncGenerator[bytes]:
        """Everything from the start, as it comes. Raises what the making raised."""
        position = 0
        while True:
            while position < len(self._parts):
                yield self._parts[position]
                position += 1
            if self._failure is not None:
                raise self._failure
            if self._is_complete:
                return
            await self._news.wait()

    async def _run(self, make: Callable[[Production], Awaitable[None]]) -> None:
        owned_responses.set(self._owned)
        try:
            await make(self)
            self._is_complete = True
        except Exception as exc:  # noqa: BLE001 - it belongs to those who listen
            self._failure = exc
        finally:
            self._tell()
            for closable in self._owned:
                await closable.aclose()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class _Seat:
    """A listener, as one of the things its request owns."""

    def __init__(self, production: Production) -> None:
        self._production = production

    async def aclose(self) -> None:
        self._production.leave()


class Productions:
    """What this worker is making, by the names of all answers that it may become.

    Who may be answered by fewer targets shares nothing with who may be answered by more.
    """

    def __init__(self) -> None:
        self._running: dict[tuple[str, ...], Production] = {}

    def join(
        self, name: tuple[str, ...], make: Callable[[Production], Awaitable[None]]
    ) -> Production:
        """Listen to the production called ``name``, which is started if there is none."""
        production = self._running.get(name)
        if production is None or production.is_abandoned:
            production = self._running[name] = Production(make)
            production.on_end(partial(self._forget, name, production))
        production.join()
        return production

    def _forget(self, name: tuple[str, ...], production: Production) -> None:
        if self._running.get(name) is production:
            del self._running[name]
