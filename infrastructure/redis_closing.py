"""A client of Redis that leaves no connection open where its own task is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import redis.asyncio


class ClosingRedis(redis.asyncio.Redis):
    """Closes to the end, also where the closing task is cancelled meanwhile.

    The pool closes its connections in tasks of their own, and a cancellation takes those that have
    not begun, or all of them: their sockets would stay open until a garbage collection.
    """

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        await _finished(super().aclose(close_connection_pool))

    async def __aexit__(self, *exc: Any) -> None:
        await _finished(super().__aexit__(*exc))  # type: ignore[no-untyped-call]


async def _finished(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
