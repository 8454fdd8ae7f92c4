"""The owner of a stored response and of its items, and the connection that has them.

Upstreams keep responses under the gateway's account, not under the user's: without this, a user who
learns an id could read what another user wrote. Rows are written behind the answers, in batches,
so that no answer waits for the database.

A noted id counts once the database has it. It belongs to the first user for whom a connection made
it: some upstreams can be made to answer with an id that they have given to somebody else.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from models_registry.targets import Target
from proxy.references import stored_rows
from proxy.references.made import ids_in_response
from proxy.references.stored_rows import StoredReference
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

RESPONSE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-.:]{0,199}")  # can be part of a path
REMEMBERED = 10_000
BATCH = 500
RETRY_SECONDS = 1.0
PRUNED_EVERY_SECONDS = 24 * 3600.0
# Another worker may be writing the row at this very moment.
LOOKS_AFTER_SECONDS = (0.0, 0.1, 0.4)
WRITTEN_WITHIN_SECONDS = 1.0  # how long a request waits for rows of this worker
# How often in each cap a user's rows are cut to it: finding the oldest takes a query.
CUTS_FOR_EACH_CAP = 10


class StoredResponses:
    """The references that this worker knows; the database knows the rest."""

    def __init__(self) -> None:
        # Those that are in the database. The last used come last.
        self._known: OrderedDict[tuple[int, str], StoredReference] = OrderedDict()
        self._unwritten: dict[tuple[int, str], StoredReference] = {}
        self._writing: asyncio.Task[None] | None = None
        self._progress = asyncio.Event()  # a new one for each batch
        self._written_of: Counter[int] = Counter()
        self._prune_at = 0.0

    def note_response(self, made: JsonObject, *, user_id: int, target: Target) -> None:
        """Remember who made the response ``made``, with its items, and where."""
        self.note_ids(ids_in_response(made), user_id=user_id, target=target)

    def note_ids(self, ids: Iterable[Any], *, user_id: int, target: Target) -> None:
        """Remember for whom ``target``'s upstream made what ``ids`` name."""
        for each in ids:
            if isinstance(each, str):
                self.note(
                    StoredReference(
                        response_id=each,
                        user_id=user_id,
                        connection_id=target.connection.upstream.id,
                        model=target.model,
                    )
                )

    def note(self, stored: StoredReference) -> None:
        """Have ``stored`` written soon, unless its id is known already."""
        if RESPONSE_ID.fullmatch(stored.response_id) is None:
            return  # no client could ask for it
        if self._known.get(stored.key) == stored or stored.place in self._unwritten:
            return
        self._unwritten[stored.place] = stored
        if len(self._unwritten) > REMEMBERED:
            self._unwritten.pop(next(iter(self._unwritten)))
            logger.warning("A stored response is forgotten: the database is down for too long.")
        if self._writing is None or self._writing.done():
            self._progress = asyncio.Event()
            self._writing = asyncio.create_task(self._write())

    async def find_all(self, user_id: int, ids: set[str]) -> dict[str, StoredReference]:
        """Those of ``ids`` that are the user's. Raises ``django.db.DatabaseError``."""
        missing = {each for each in ids if RESPONSE_ID.fullmatch(each)}
        found: dict[str, StoredReference] = {}
        for seconds in LOOKS_AFTER_SECONDS:
            if not missing:
                break
            await asyncio.sleep(seconds)
            await self._until_written(user_id, missing)
            known = [self._known[key] for it in missing if (key := (user_id, it)) in self._known]
            unknown = missing - {stored.response_id for stored in known}
            if unknown:
                known += await stored_rows.read(user_id, unknown)
            for stored in known:
                self._remember(stored)
                found[stored.response_id] = stored
            missing -= found.keys()
        return found

    async def forget(self, stored: StoredReference) -> None:
        """The upstream keeps it no longer."""
        self._known.pop(stored.key, None)
        if self._unwritten.get(stored.place) == stored:
            del self._unwritten[stored.place]
        await stored_rows.delete(stored)

    async def flush(self) -> None:
        """Write what is left, unless the database is down."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._unwritten:
            try:
                await stored_rows.insert(list(self._unwritten.values()))
            except DatabaseError as exc:
                logger.warning("%d stored responses are lost: %s", len(self._unwritten), exc)
            self._unwritten.clear()

    def _remember(self, stored: StoredReference) -> None:
        self._known[stored.key] = stored
        self._known.move_to_end(stored.key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _until_written(self, user_id: int, ids: set[str]) -> None:
        """Wait for those of ``ids`` that this worker noted for the user just now."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WRITTEN_WITHIN_SECONDS):
                while any(
                    stored.user_id == user_id and stored.response_id in ids
                    for stored in self._unwritten.values()
                ):
                    await self._progress.wait()

    async def _write(self) -> None:
        while batch := list(self._unwritten.values())[:BATCH]:
            try:
                owned = await stored_rows.insert(batch)
            except DatabaseError as exc:
                logger.warning("Stored responses wait for the database: %s", exc)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for stored in batch:
                self._unwritten.pop(stored.place, None)
            for stored in owned:
                self._remember(stored)
            self._progress.set()
            self._progress = asyncio.Event()
            await self._cut(batch)

    async def _cut(self, batch: list[StoredReference]) -> None:
        """Delete old rows once a day, and a user's oldest when they have written many."""
        most = settings.GATEWAY_STORED_RESPONSES_PER_USER
        self._written_of.update(stored.user_id for stored in batch)
        for user_id in [
            user_id
            for user_id, rows in self._written_of.items()
            if rows * CUTS_FOR_EACH_CAP >= most
        ]:
            del self._written_of[user_id]
            await stored_rows.cut(user_id, most)
        if time.monotonic() > self._prune_at:
            self._prune_at = time.monotonic() + PRUNED_EVERY_SECONDS
            await stored_rows.prune(most)


stored_responses = StoredResponses()
