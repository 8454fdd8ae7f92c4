"""Callers by API key: an in-process cache in front of one query."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from accounts import keys
from accounts.caller import Caller
from accounts.caller_lookup import LOOK_UP, KnownCaller, read_callers
from accounts.changes import DATABASE_ERRORS
from accounts.last_used import last_used
from accounts.look_ups import DIGESTS_PER_QUERY, LookUps
from accounts.models import api_key_pepper
from infrastructure.outages import outages

CAPACITY = 10_000
MOST_UNKNOWN = 10_000
UNKNOWN_SECONDS = 5.0
REFRESH_SECONDS = 60.0
LONGEST_PRETENCE_SECONDS = 0.05

Read = Callable[[Collection[str]], Mapping[str, KnownCaller]]


class CallersUnavailableError(Exception):
    """The database does not answer and this key is not known from before."""


class CallerCache:
    """Known callers by the full digest of their key, or by another name that ``read`` knows.

    A known caller serves without a query, until the database was last known to say so
    ``stale_seconds`` ago. It says so when the caller is read, when all are read again
    (:meth:`refresh`), and when the counter of changes has not moved (:meth:`confirm`). So while the
    database is down, nobody who is known waits for it.

    An unknown key is looked up as :mod:`accounts.look_ups` says, and remembered for a moment, but
    not beyond the next news of a change. One that was never issued, by its checksum, costs no query
    at all. Both take about as long as one.
    """

    def __init__(self, *, stale_seconds: float, read: Read = read_callers) -> None:
        self.stale_seconds = stale_seconds
        self._read_from_database = read
        self._known: OrderedDict[str, KnownCaller] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()  # the moments of their look-ups
        self._look_ups = LookUps(self._read)
        self._confirmed_at = float("-inf")
        self._refreshed_at = float("-inf")
        self.look_up_seconds = 0.001  # about what a query takes

    async def find(self, key: str, address: Callable[[], str] = str) -> Caller | None:
        """The caller of ``key``; None if it is malformed, unknown, expired or revoked.

        The time tells these apart as little as the answer does. ``address`` gives that of the
        client; it is not asked for known keys. Raises :class:`CallersUnavailableError` when only a
        database that is down could tell, and :class:`TooManyLookUpsError`.
        """
        digest = keys.digest(key, await _pepper())
        known = self._known.get(digest)
        if known is not None and self._is_confirmed(known):
            self._known.move_to_end(digest)
        elif known is None and (not keys.is_well_formed(key) or self._is_unknown(digest)):
            await asyncio.sleep(self.look_up_seconds)
        else:
            known = await self._look_up(digest, address)
        if known is None or known.is_expired:
            return None
        last_used.note(known.caller.key_id)
        return known.caller

    async def find_digest(self, digest: str) -> Caller | None:
        """The caller of a key with this ``digest``, as :meth:`find`."""
        known = self._known.get(digest)
        if known is None and self._is_unknown(digest):
            return None
        if known is not None and self._is_confirmed(known):
            self._known.move_to_end(digest)
        else:
            known = await self._look_up(digest, str)
        return None if known is None or known.is_expired else known.caller

    async def look_again(self, digest: str) -> Caller | None:
        """As :meth:`find_digest`, and the database is asked whatever is known."""
        known = await self._look_up(digest, str)
        return None if known is None or known.is_expired else known.caller

    def confirm(self, looked_at: float) -> None:
        """Have heard, by a question asked at ``looked_at``, that nothing has changed."""
        self._confirmed_at = looked_at

    async def refresh(self) -> None:
        """Read every known caller again, a few hundred with each query; the old serve meanwhile.

        Raises ``django.db.DatabaseError``.
        """
        started = time.monotonic()
        self._unknown.clear()
        digests = iter(list(self._known))
        while chunk := list(islice(digests, DIGESTS_PER_QUERY)):
            found = await database_sync_to_async(self._read_from_database)(chunk)
            for digest in chunk:
                if digest in found:
                    self._known[digest] = found[digest]
                else:
                    self._known.pop(digest, None)
        self._refreshed_at = started

    async def run(self) -> None:
        """Refresh from time to time, for changes without an announcement. Runs until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except DATABASE_ERRORS:
                continue  # the watch over changes has logged it

    def _is_confirmed(self, known: KnownCaller) -> bool:
        if known.read_at < self._refreshed_at:  # the refresh began during its look-up
            return False
        confirmed_at = max(known.read_at, self._confirmed_at)
        return time.monotonic() - confirmed_at < self.stale_seconds

    def _is_unknown(self, digest: str) -> bool:
        looked_at = self._unknown.get(digest, float("-inf"))
        return looked_at > self._refreshed_at and time.monotonic() - looked_at < UNKNOWN_SECONDS

    async def _look_up(self, digest: str, address: Callable[[], str]) -> KnownCaller | None:
        """Ask the database, unless too many do."""
        try:
            return await self._look_ups.find(digest, address)
        except DATABASE_ERRORS as exc:
            raise CallersUnavailableError from exc

    async def _read(self, digests: list[str]) -> Mapping[str, KnownCaller]:
        started = time.monotonic()
        with outages.told(LOOK_UP, *DATABASE_ERRORS):
            found = await database_sync_to_async(self._read_from_database)(digests)
        taken = min(time.monotonic() - started, LONGEST_PRETENCE_SECONDS)
        self.look_up_seconds += (taken - self.look_up_seconds) / 8
        for digest in digests:
            if digest in found:
                _keep(self._known, digest, found[digest], CAPACITY)
            else:
                self._known.pop(digest, None)
                _keep(self._unknown, digest, started, MOST_UNKNOWN)
        return found


def _keep(kept: OrderedDict[str, Any], digest: str, value: Any, capacity: int) -> None:
    kept[digest] = value
    kept.move_to_end(digest)
    if len(kept) > capacity:
        kept.popitem(last=False)


callers = CallerCache(stale_seconds=settings.GATEWAY_CALLER_STALE_SECONDS)


async def _pepper() -> bytes:
    if api_key_pepper.cache_info().currsize:
        return api_key_pepper()
    try:
        with outages.told(LOOK_UP, *DATABASE_ERRORS):
            return await database_sync_to_async(api_key_pepper)()
    except DATABASE_ERRORS as exc:
        raise CallersUnavailableError from exc
