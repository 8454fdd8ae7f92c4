"""Meters in Redis, which all workers share.

::

    take ──► one script, capped ──► reply in time ──► reservation, renewed until it is settled
                    └─ too late, or lost ──► MetersUnavailableError; given up behind the request
    settle, flushed ──► queue ──► scripts, in order, until Redis has them

An ``epoch`` in every reply tells of a Redis that was emptied. The worker then posts again what it
has reserved, and what it settled that the database does not hold yet. Until all have done so,
periods that are not known cannot be seeded: their base would lack what the others have to say.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import redis

from infrastructure import redis_outage, redis_servers
from limits.meters import redis_scripts
from limits.meters.capped_calls import CappedCalls
from limits.meters.interface import (
    Ask,
    Base,
    MetersUnavailableError,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
)
from limits.meters.live_workers import BEAT_SECONDS, LiveWorkers
from limits.meters.redis_replies import REFUSED, UNKNOWN, Reply, holds_of, nothing_of, readings_of
from limits.meters.redis_scripts import Call
from limits.meters.redis_writer import RedisWriter
from limits.meters.reservations import MeterAmount, Reservations

CAP_SECONDS = 0.05  # for a reply that a request waits for
SOCKET_SECONDS = 1.0  # for one that no request waits for any more
CONNECTIONS = 16
GRACE_SECONDS = 2.0  # in which every worker has beaten, and has posted what it knows
LAST_WORDS_SECONDS = 1.0


class NotYetError(MetersUnavailableError):
    """Redis answers, and lacks what workers are about to tell it."""


class RedisMeters:
    """Those of one worker; all that is public belongs to the event loop, except for ``flushed``.

    ``workers`` is how many there are as long as Redis has not told. ``clock`` tells seconds, and
    never goes back. ``cap_seconds`` is how long a request waits for a reply.
    """

    def __init__(
        self,
        url: str,
        *,
        workers: int = 1,
        cap_seconds: float = CAP_SECONDS,
        grace_seconds: float = GRACE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.reservations = Reservations(clock)
        self._name = uuid.uuid4().hex
        self._candidate = self._name[:4]
        self._grace_seconds = grace_seconds
        self._clock = clock
        seconds = max(SOCKET_SECONDS, cap_seconds)
        timeouts = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
        connect = redis_servers.blocking_async_client
        self._asking = connect(url, most=CONNECTIONS, wait_seconds=seconds, **timeouts)
        self._calls = CappedCalls(self._asking, cap_seconds)
        self._writing = connect(url, most=2, wait_seconds=seconds, **timeouts)
        self._writer = RedisWriter(
            self._writing, self._calls, heed=self._heed, on_back=self._hold_all
        )
        self._workers = LiveWorkers(
            self._writing, self._calls, name=self._name, count=workers, heed=self._heed
        )
        self._epoch: bytes | None = None
        self._rebuilt_at = float("-inf")
        self._posting = 0  # rounds of what this worker knows that are not written yet
        self._unsure: set[str] = set()  # reservations that Redis may hold after a lost reply
        self._noted: deque[Sequence[Base]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_rebuilding(self) -> bool:
        """Whether Redis was emptied a moment ago."""
        return self._posting > 0 or self._was_emptied()

    @property
    def live_workers(self) -> int:
        """How many workers there are, as Redis said last."""
        return self._workers.count

    def _was_emptied(self) -> bool:
        return self._clock() < self._rebuilt_at

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown:
        self._take_note()
        if reservation in self._unsure:
            raise NotYetError("An earlier take is not given up yet.")
        task = self._calls.start(redis_scripts.take(reservation, asks, self._candidate))
        try:
            reply = Reply.of(await self._calls.reply(task))
        except (MetersUnavailableError, asyncio.CancelledError):
            self._unsure.add(reservation)
            task.add_done_callback(lambda _: self._give_up(reservation, asks))
            raise
        self._heed(reply.epoch)
        if reply.status == UNKNOWN:
            return self._unknown(reply, asks)
        readings = readings_of(asks, reply)
        if reply.status == REFUSED:
            pairs = enumerate(zip(asks, readings, strict=True))
            over = (at for at, (ask, one) in pairs if ask.is_enforced and one.is_over)
            return Refused(tuple(over), readings)
        self.reservations.take(reservation, holds_of(asks, reply))
        return Taken(readings)

    def settle(self, settlement: Settlement) -> None:
        for use in settlement.uses:
            redis_scripts.whole(use.amount)
        self._take_note()
        uses = self.reservations.settle(settlement)
        if uses:
            self._writer.put(self._settle(settlement.reservation, uses))

    async def seed(self, bases: Sequence[Base]) -> None:
        """Raises ``MetersUnavailableError``."""
        for base in bases:
            for call in redis_scripts.bases(base, self._candidate):
                _, epoch = await self._calls.ask(call)
                self._heed(epoch)

    def flushed(self, bases: Sequence[Base]) -> None:
        for base in bases:
            redis_scripts.whole(base.amount)
        self._noted.append(bases)
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: this worker has ended
                self._loop.call_soon_threadsafe(self._take_note)

    async def read(self, asks: Sequence[Ask]) -> tuple[Reading | None, ...]:
        """Raises ``MetersUnavailableError``."""
        reply = Reply.of(await self._calls.ask(redis_scripts.read(asks, self._candidate)))
        self._heed(reply.epoch)
        readings = readings_of(asks, reply)
        return tuple(None if one.used < 0 else one for one in readings)

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._take_note()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._writer.run())
                tasks.create_task(self._beat_and_renew())
        finally:
            self._loop = None
            await self._end()

    async def written(self) -> None:
        """Return once Redis has all that was settled and flushed before."""
        self._take_note()
        await self._writer.drained()

    def _give_up(self, reservation: str, asks: Sequence[Ask]) -> None:
        """Release what a take may have reserved whose reply came too late, or never."""
        if self.reservations.is_open(reservation):  # it was taken locally meanwhile, and goes on
            self._unsure.discard(reservation)
            return
        call = redis_scripts.give_up(reservation, nothing_of(asks), self._candidate)
        self._writer.put(call, lambda: self._unsure.discard(reservation))

    def _unknown(self, reply: Reply, asks: Sequence[Ask]) -> Unknown:
        if self.is_rebuilding:
            raise NotYetError("Redis was emptied a moment ago.")
        return Unknown(tuple(asks[at].meter for at in reply.numbers))

    def _heed(self, epoch: bytes) -> None:
        if epoch == self._epoch:
            return
        is_first, self._epoch = self._epoch is None, epoch
        if self.live_workers > 1 and not is_first:
            self._rebuilt_at = self._clock() + self._grace_seconds
        calls = [
            *(self._settle(*each) for each in self.reservations.unflushed()),
            *(self._hold(*each) for each in self.reservations.due(is_all=True)),
        ]
        if calls:
            self._posting += 1
            for call in calls[:-1]:
                self._writer.put(call)
            self._writer.put(calls[-1], self._posted)

    def _posted(self) -> None:
        self._posting -= 1

    def _hold_all(self) -> None:
        for reservation, holds in self.reservations.due(is_all=True):
            self._writer.put(self._hold(reservation, holds))

    def _hold(self, reservation: str, holds: Sequence[MeterAmount]) -> Call:
        return redis_scripts.hold(reservation, holds, self._candidate)

    def _settle(self, reservation: str, uses: Sequence[MeterAmount]) -> Call:
        return redis_scripts.settle(reservation, uses, self._candidate)

    def _take_note(self) -> None:
        while self._noted:
            bases = self._noted.popleft()
            self.reservations.flushed(bases)
            for base in bases:
                for call in redis_scripts.bases(base, self._candidate):
                    self._writer.put(call)

    async def _beat_and_renew(self) -> None:
        while True:
            await self._workers.beat(self._was_emptied)
            if not self._writer.is_failing:
                for reservation, holds in self.reservations.due():
                    self._writer.put(self._hold(reservation, holds))
            await asyncio.sleep(BEAT_SECONDS)

    async def _end(self) -> None:
        """Write what waits, if Redis takes it now."""
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                self._take_note()
                await self._writer.drain()
                await self._workers.end()
        except (redis.RedisError, OSError) as exc:
            redis_outage.tell("what was used of limits is left to the database", exc)
        finally:
            await self._calls.ended()
            await self._asking.aclose()
            await self._writing.aclose()
