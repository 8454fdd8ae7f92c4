"""What is written to Redis behind the requests, in the order in which it came.

::

    put ──► queue ──► a batch in one pipeline ──► written
                ▲            │ Redis does not answer, or refuses
                └── again ◄──┘ after RETRY_SECONDS

Every script may run twice, so that a batch whose reply was lost is sent again as a whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

import redis

from infrastructure import redis_outage
from limits.meters import redis_scripts
from limits.meters.capped_calls import CappedCalls
from limits.meters.redis_scripts import Call

logger = logging.getLogger(__name__)

BATCH = 100
RETRY_SECONDS = 0.5
# Beyond, settlements that wait are left out: Redis learns of them from the database.
MOST_WAITING = 20_000


class _Waiting(NamedTuple):
    call: Call
    on_written: Callable[[], None] | None


class RedisWriter:
    """``heed`` is called with the epoch of each reply, ``on_back`` once writing works again."""

    def __init__(
        self,
        client: Any,
        calls: CappedCalls,
        *,
        heed: Callable[[bytes], None],
        on_back: Callable[[], None],
    ) -> None:
        self._client = client
        self._calls = calls
        self._heed = heed
        self._on_back = on_back
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.is_failing = False

    def __len__(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    def put(self, call: Call, on_written: Callable[[], None] | None = None) -> None:
        """Queue ``call``. Belongs to the event loop."""
        if len(self._waiting) >= MOST_WAITING:
            self._leave_out()
        self._waiting.append(_Waiting(call, on_written))
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._write_or_rest()

    async def drained(self) -> None:
        """Return once nothing waits."""
        await self._idle.wait()

    async def drain(self) -> None:
        """Write what waits, with one try. Raises ``redis.RedisError`` and ``OSError``."""
        while self._waiting:
            await self._write()

    async def _write_or_rest(self) -> None:
        try:
            await self._write()
        except (redis.RedisError, OSError) as exc:
            self.is_failing = True
            redis_outage.tell("what was used of limits is written later", exc)
            await asyncio.sleep(RETRY_SECONDS)
            return
        if self.is_failing:
            self.is_failing = False
            self._on_back()

    async def _write(self) -> None:
        batch = list(islice(self._waiting, BATCH))
        replies = await self._calls.finished(self._send([one.call for one in batch]))
        for one in batch:
            # Some may have been left out meanwhile.
            if self._waiting and self._waiting[0] is one:
                self._waiting.popleft()
            if one.on_written is not None:
                one.on_written()
        if not self._waiting:
            self._idle.set()
        for reply in replies:
            if isinstance(reply, redis.ResponseError):
                logger.error("A use of a limit was not counted: Redis says %s", reply)
            else:
                self._heed(reply[1])

    async def _send(self, calls: list[Call], *, is_loaded: bool = False) -> list[Any]:
        pipe = self._client.pipeline(transaction=False)
        for call in calls:
            pipe.evalsha(call.script.digest, len(call.keys), *call.keys, *call.arguments)
        replies: list[Any] = await pipe.execute(raise_on_error=False)
        errors = [reply for reply in replies if isinstance(reply, Exception)]
        if not is_loaded and any(
            isinstance(each, redis.exceptions.NoScriptError) for each in errors
        ):
            for script in {call.script for call in calls}:
                await self._client.script_load(script.text)
            return await self._send(calls, is_loaded=True)
        for error in errors:
            if redis_scripts.BAD_ARGUMENT not in str(error):
                raise error
        return replies

    def _leave_out(self) -> None:
        """Drop the older half of the settlements."""
        settlements = [one for one in self._waiting if one.call.script is redis_scripts.SETTLE]
        dropped = {id(one) for one in settlements[: len(settlements) // 2 + 1]}
        kept = [one for one in self._waiting if id(one) not in dropped]
        for one in settlements:
            if id(one) in dropped and one.on_written is not None:
                one.on_written()
        self._waiting = deque(kept)
