"""Callers by API key: an in-process cache in front of one query."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from functools import partial
from itertools import islice

from channels.db import database_sync_to_async
from django.conf import settings

from accounts import keys, secrets
from accounts.caller import Caller
from accounts.caller_lookup import KnownCaller, read_callers
from accounts.changes import DATABASE_ERRORS
from accounts.last_used import last_used

CAPACITY = 10_000
DIGESTS_PER_QUERY = 500
REFRESH_SECONDS = 60.0
LONGEST_PRETENCE_SECONDS = 0.05


class CallersUnavailableError(Exception):
    """The database does not answer and this key is not known from before."""


class CallerCache:
    """Known callers by the full digest of their key.

    A known caller serves without a query, until the database was last known to say so
    ``stale_seconds`` ago. It says so when the caller is read, when all are read anew
    (:meth:`refresh`), and when the counter of changes has not moved (:meth:`confirm`). So while the
    database is down, nobody who is known waits for it. Only successes are kept: an unknown key
    costs a query each time, and a key that is issued works at once. One that was never issued, by
    its checksum, costs none, so that the database is safe from garbage; it takes about as long.
    """

    def __init__(self, *, stale_seconds: float) -> None:
        self.stale_seconds = stale_seconds
        self._known: OrderedDict[str, KnownCaller] = OrderedDict()
        self._looking_up: dict[str, asyncio.Task[KnownCaller | None]] = {}
        self._confirmed_at = float("-inf")
        self._refreshed_at = float("-inf")
        self._look_up_seconds = 0.001

    async def find(self, key: str) -> Caller | None:
        """The caller of ``key``; None if it is malformed, unknown, expired or revoked.

        The time tells these apart as little as the answer does. Raises
        :class:`CallersUnavailableError` when only a database that is down could tell.
        """
        digest = keys.digest(key, await _pepper())
        known = self._known.get(digest)
        if known is not None and self._is_confirmed(known):
            self._known.move_to_end(digest)
        elif known is None and not keys.is_well_formed(key):
            await asyncio.sleep(self._look_up_seconds)
        else:
            try:
                known = await self._look_up(digest)
            except DATABASE_ERRORS as exc:
                raise CallersUnavailableError from exc
        if known is None or known.is_expired:
            return None
        last_used.note(known.caller.key_id)
        return known.caller

    def confirm(self, looked_at: float) -> None:
        """Have heard, by a question asked at ``looked_at``, that nothing has changed."""
        self._confirmed_at = looked_at

    async def refresh(self) -> None:
        """Read every known caller anew, a few hundred with each query; the old serve meanwhile.

        Raises ``django.db.DatabaseError``.
        """
        started = time.monotonic()
        digests = iter(list(self._known))
        while chunk := list(islice(digests, DIGESTS_PER_QUERY)):
            found = await database_sync_to_async(read_callers)(chunk)
            for digest in chunk:
                if digest in found:
                    self._known[digest] = found[digest]
                else:
                    self._known.pop(digest, None)
        self._refreshed_at = started

    async def run(self) -> None:
        """Refresh from time to time, for changes that nobody announced. Runs until cancelled."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except DATABASE_ERRORS:
                continue  # whoever watches for changes has said so

    def _is_confirmed(self, known: KnownCaller) -> bool:
        if known.read_at < self._refreshed_at:  # its look-up was under way during a refresh
            return False
        confirmed_at = max(known.read_at, self._confirmed_at)
        return time.monotonic() - confirmed_at < self.stale_seconds

    async def _look_up(self, digest: str) -> KnownCaller | None:
        """Ask the database; who asks for the same key meanwhile shares the answer."""
        task = self._looking_up.get(digest)
        if task is None:
            task = self._looking_up[digest] = asyncio.create_task(self._read(digest))
            task.add_done_callback(partial(self._looked_up, digest))
        # Shielded: a client that hangs up must not take the answer from the others.
        return await asyncio.shield(task)

    def _looked_up(self, digest: str, task: asyncio.Task[KnownCaller | None]) -> None:
        self._looking_up.pop(digest, None)
        if not task.cancelled():
            task.exception()  # taken note of, also when nobody waits for it any more

    async def _read(self, digest: str) -> KnownCaller | None:
        started = time.monotonic()
        known = (await database_sync_to_async(read_callers)([digest])).get(digest)
        taken = min(time.monotonic() - started, LONGEST_PRETENCE_SECONDS)
        self._look_up_seconds += (taken - self._look_up_seconds) / 8
        if known is None:
            self._known.pop(digest, None)
            return None
        self._known[digest] = known
        if len(self._known) > CAPACITY:
            self._known.popitem(last=False)
        return known


callers = CallerCache(stale_seconds=settings.GATEWAY_CALLER_STALE_SECONDS)


async def _pepper() -> bytes:
    if secrets.api_key_pepper.cache_info().currsize:
        return secrets.api_key_pepper()
    try:
        return await database_sync_to_async(secrets.api_key_pepper)()
    except DATABASE_ERRORS as exc:
        raise CallersUnavailableError from exc
