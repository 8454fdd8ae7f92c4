"""Asking meters on behalf of a request, whatever is away.

::

    take ──► Taken, Refused
     ├─ Unknown: what the database holds of the periods ─► seed ─► take again
     │     └─ the database is away ──────────┐
     └─ MetersUnavailableError ──────────────┴─► by the rule: local | closed | open

Local are meters of this worker alone. Where others share the limit, they hold a part of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol

from accounts.changes import DATABASE_ERRORS
from infrastructure.seldom import SeldomLog
from limits.admission.holds import Hold
from limits.choices import Mode, OnOutage
from limits.meters.interface import (
    Ask,
    Base,
    MeterKind,
    Meters,
    MetersUnavailableError,
    Reading,
    Refused,
    Settlement,
    Taken,
    Unknown,
    new,
)
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitsUnavailableError

logger = logging.getLogger(__name__)
seldom = SeldomLog(logger)

FindBases = Callable[[Sequence[Ask]], Awaitable[Sequence[Base]]]
SECOND_LOOKS = (0.02, 0.08)  # seconds
TRIES = 3  # a period may be forgotten again between its seed and the next take


class Takes(Protocol):
    """What is asked of meters for a request: see :class:`limits.meters.interface.Meters`."""

    async def take(self, reservation: str, asks: Sequence[Ask]) -> Taken | Refused | Unknown: ...

    def settle(self, settlement: Settlement) -> None: ...

    async def seed(self, bases: Sequence[Base]) -> None: ...


class BasesUnavailableError(Exception):
    """The database cannot say what was used in these periods."""

    def __init__(self, meters: tuple[str, ...]) -> None:
        super().__init__(*meters)
        self.meters = meters


class Answer(NamedTuple):
    """``held`` is what is reserved; the reading of each stands at its position in ``readings``.
    ``over`` are those holds that did not fit, each with its reading; nothing is reserved then.
    ``is_local``: the meters of this worker alone said so, of some of the holds at least.
    """

    held: Sequence[Hold]
    readings: tuple[Reading, ...]
    over: tuple[tuple[Hold, Reading], ...] = ()
    is_local: bool = False


class Asker:
    """``local`` is asked where ``meters`` cannot be, and ``find_bases`` the database.

    ``second_looks`` are the pauses, in seconds, before a request that finds all slots taken is
    refused. Where workers share meters, a settlement comes behind the response that it is of, and a
    client that sends one request after another may be quicker with another worker.
    ``memory`` are the ``meters`` where they are those of this process alone, None of others.
    """

    def __init__(
        self,
        meters: Meters,
        *,
        local: Takes,
        find_bases: FindBases,
        second_looks: Sequence[float] = (),
    ) -> None:
        self.meters = meters
        self.local = local
        self._find_bases = find_bases
        self._second_looks = second_looks
        # Not of a class derived from these meters, which may say otherwise.
        self.memory = meters if type(meters) is MemoryMeters else None
        self._seeding: dict[tuple[bool, str], asyncio.Task[None]] = {}

    async def ask(self, reservation: str, holds: Sequence[Hold]) -> Answer:
        """Reserve all of ``holds``, or none. Raises ``LimitsUnavailableError``."""
        try:
            taken = await self.meters.take(reservation, [hold.ask for hold in holds])
        except MetersUnavailableError:
            answer = await self._without(reservation, holds)
        else:
            if isinstance(taken, Unknown):
                answer = await self._asked(reservation, holds)
            else:
                answer = _answer(holds, taken)
        if not answer.over:
            return answer
        for pause in self._second_looks:
            if not answer.over or not all(_is_of_slots(hold) for hold, _ in answer.over):
                break
            await asyncio.sleep(pause)
            answer = await self._asked(reservation, holds)
        return answer

    async def _asked(self, reservation: str, holds: Sequence[Hold]) -> Answer:
        """What :meth:`ask` says, where some of the periods may have to be looked up."""
        try:
            return _answer(holds, await self._take(self.meters, reservation, holds))
        except MetersUnavailableError:
            return await self._without(reservation, holds)
        except BasesUnavailableError as exc:
            unknown = frozenset(exc.meters)
        first = await self._without(reservation, [h for h in holds if h.ask.meter in unknown])
        if first.over:
            return first
        known = [hold for hold in holds if hold.ask.meter not in unknown]
        try:
            second = _answer(known, await self._take(self.meters, reservation, known))
        except (MetersUnavailableError, BasesUnavailableError):
            second = await self._without(reservation, known)
        if second.over:
            return second
        return Answer(
            (*first.held, *second.held),
            first.readings + second.readings,
            is_local=first.is_local or second.is_local,
        )

    async def _take(
        self, meters: Takes, reservation: str, holds: Sequence[Hold]
    ) -> Taken | Refused:
        """Raises ``MetersUnavailableError`` and ``BasesUnavailableError``."""
        asks = [hold.ask for hold in holds]
        unknown: tuple[str, ...] = ()
        for _ in range(TRIES):
            taken = await meters.take(reservation, asks)
            if not isinstance(taken, Unknown):
                return taken
            unknown = taken.meters
            await self._seed(meters, [ask for ask in asks if ask.meter in unknown])
        raise BasesUnavailableError(unknown)

    async def _seed(self, meters: Takes, asks: Sequence[Ask]) -> None:
        """Have ``meters`` know what the database holds, by one query for all requests that wait."""
        is_local = meters is self.local
        new = [ask for ask in asks if (is_local, ask.meter) not in self._seeding]
        if new:
            task = asyncio.create_task(self._seeded(meters, new))
            names = [(is_local, ask.meter) for ask in new]
            self._seeding |= dict.fromkeys(names, task)
            task.add_done_callback(lambda _: self._forget(names))
        for task in {self._seeding[is_local, ask.meter] for ask in asks}:
            await asyncio.shield(task)  # a client that leaves does not end it for the others

    async def _seeded(self, meters: Takes, asks: Sequence[Ask]) -> None:
        try:
            bases = await self._find_bases(asks)
        except DATABASE_ERRORS as exc:
            raise BasesUnavailableError(tuple(ask.meter for ask in asks)) from exc
        await meters.seed(bases)

    def _forget(self, names: Sequence[tuple[bool, str]]) -> None:
        for name in names:
            task = self._seeding.pop(name)
            if not task.cancelled():
                task.exception()  # those that wait have it; or there are none any more

    async def _without(self, reservation: str, holds: Sequence[Hold]) -> Answer:
        """What the rules say while it is not known what was used."""
        local: list[Hold] = []
        others: list[Hold] = []
        for hold in holds:
            match hold.rule.on_outage:
                case OnOutage.CLOSED if hold.ask.is_enforced:
                    raise LimitsUnavailableError(hold.rule)
                case OnOutage.LOCAL | OnOutage.DEFAULT:
                    local.append(hold)
                case _:  # let through, and counted as soon as the meters are back
                    others.append(hold)
        answer = _answer(local, await self._take_local(reservation, local), is_local=True)
        if answer.over:
            return answer
        readings = [Reading(each.ask.meter, each.ask.amount, 0, 0.0) for each in others]
        return Answer((*answer.held, *others), (*answer.readings, *readings), is_local=bool(local))

    async def _take_local(self, reservation: str, holds: Sequence[Hold]) -> Taken | Refused:
        try:
            return await self._take(self.local, reservation, holds)
        except BasesUnavailableError as exc:  # a period begins at nothing then
            ends = {hold.ask.meter: hold.ask.ends_at for hold in holds}
            await self.local.seed([Base(meter, 0, 0, ends[meter]) for meter in exc.meters])
            return await self._take(self.local, reservation, holds)


def asker_of(meters: Meters, local: Takes | None, find_bases: FindBases) -> Asker:
    """Without ``local``, the meters are those of one worker alone."""
    if local is None:
        return Asker(meters, local=MemoryMeters(), find_bases=find_bases)
    return Asker(meters, local=local, find_bases=find_bases, second_looks=SECOND_LOOKS)


def _is_of_slots(hold: Hold) -> bool:
    return hold.ask.kind is MeterKind.SLOTS and hold.ask.amount > 0


def _answer(holds: Sequence[Hold], result: Taken | Refused, *, is_local: bool = False) -> Answer:
    readings = result.readings
    if isinstance(result, Taken):
        for reading in readings:
            if reading.is_over:
                _warn(holds, readings)
        return new(Answer, (holds, readings, (), is_local))
    pairs = ((holds[at], readings[at]) for at in result.over)
    over = tuple(pair for pair in pairs if pair[0].ask.is_enforced)
    return Answer((), (), over, is_local)


def _warn(holds: Sequence[Hold], readings: Sequence[Reading]) -> None:
    """Tell the administrator of limits that are over, and only warn."""
    for hold, reading in zip(holds, readings, strict=True):
        if reading.is_over and hold.rule.mode is Mode.WARN:
            seldom.warn(f"The limit {hold.rule.label} is over, and only warns.")
