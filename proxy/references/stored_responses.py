"""The owner of a stored response and of its items, and the connection that has them.

Upstreams keep responses under the gateway's account, not under the user's: without this, whoever
learns an id could read what another user wrote. Rows are written behind the answers, in batches,
so that no request waits for the database.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from models_registry.targets import Target
from proxy.models import StoredResponse
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

RESPONSE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_\-.:]{0,199}")  # can be part of a path
REMEMBERED = 10_000
BATCH = 500
MOST_ITEMS = 100  # of one response
RETRY_SECONDS = 1.0
PRUNED_EVERY_SECONDS = 24 * 3600.0
# Another worker may be writing the row at this very moment.
LOOKS_AFTER_SECONDS = (0.0, 0.1, 0.4)
KEPT = timedelta(days=30)  # as OpenAI and Azure keep responses


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A response that the connection ``connection_id`` keeps for ``user_id``."""

    response_id: str
    user_id: int
    connection_id: int
    model: str

    @property
    def key(self) -> tuple[int, str]:
        return self.user_id, self.response_id


class StoredResponses:
    """What this worker knows of kept responses; the database knows the rest."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, str], Kept] = OrderedDict()
        self._unwritten: dict[tuple[int, str], Kept] = {}
        self._writing: asyncio.Task[None] | None = None
        self._prune_at = 0.0

    def note_response(self, made: JsonObject, *, user_id: int, target: Target) -> None:
        """Remember who made the response ``made``, with its items, and where."""
        for each in (made.get("id"), *_ids_of_items(made.get("output"))):
            if isinstance(each, str):
                self.note(
                    Kept(
                        response_id=each,
                        user_id=user_id,
                        connection_id=target.connection.upstream.id,
                        model=target.model,
                    )
                )

    def note(self, kept: Kept) -> None:
        """Remember ``kept``, and have it written soon."""
        if RESPONSE_ID.fullmatch(kept.response_id) is None:
            return  # nobody could ask for it
        self._remember(kept)
        self._unwritten[kept.key] = kept
        if len(self._unwritten) > REMEMBERED:
            self._unwritten.pop(next(iter(self._unwritten)))
            logger.warning("A stored response is forgotten: the database is down for too long.")
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def find(self, user_id: int, response_id: str) -> Kept | None:
        """The response, if it is the user's. Raises ``django.db.DatabaseError``."""
        return (await self.find_all(user_id, {response_id})).get(response_id)

    async def find_all(self, user_id: int, ids: set[str]) -> dict[str, Kept]:
        """Those of ``ids`` that are the user's. Raises ``django.db.DatabaseError``."""
        missing = {each for each in ids if RESPONSE_ID.fullmatch(each)}
        found: dict[str, Kept] = {}
        for seconds in LOOKS_AFTER_SECONDS:
            if not missing:
                break
            await asyncio.sleep(seconds)
            known = [self._known[key] for it in missing if (key := (user_id, it)) in self._known]
            unknown = missing - {kept.response_id for kept in known}
            if unknown:
                known += await _read(user_id, unknown)
            for kept in known:
                self._remember(kept)
                found[kept.response_id] = kept
            missing -= found.keys()
        return found

    async def forget(self, kept: Kept) -> None:
        """The upstream keeps it no longer."""
        self._known.pop(kept.key, None)
        self._unwritten.pop(kept.key, None)
        await _delete(kept)

    async def flush(self) -> None:
        """Write what is left, unless the database is down."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
        if self._unwritten:
            try:
                await _insert(list(self._unwritten.values()))
            except DatabaseError as exc:
                logger.warning("%d stored responses are lost: %s", len(self._unwritten), exc)
            self._unwritten.clear()

    def _remember(self, kept: Kept) -> None:
        self._known[kept.key] = kept
        self._known.move_to_end(kept.key)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _write(self) -> None:
        while batch := list(self._unwritten.values())[:BATCH]:
            try:
                await _insert(batch)
            except DatabaseError as exc:
                logger.warning("Stored responses wait for the database: %s", exc)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for kept in batch:
                self._unwritten.pop(kept.key, None)
            if time.monotonic() > self._prune_at:
                self._prune_at = time.monotonic() + PRUNED_EVERY_SECONDS
                await _prune()


stored_responses = StoredResponses()


def _ids_of_items(output: Any) -> Iterator[Any]:
    """What later requests may refer to: the items of a response, and the containers they used."""
    items = output[:MOST_ITEMS] if isinstance(output, list) else []
    for item in items:
        if isinstance(item, dict):
            yield item.get("id")
            yield item.get("container_id")


@database_sync_to_async
def _insert(batch: list[Kept]) -> None:
    rows = [
        StoredResponse(
            response_id=kept.response_id,
            user_id=kept.user_id,
            connection_id=kept.connection_id,
            model=kept.model,
        )
        for kept in batch
    ]
    StoredResponse.objects.bulk_create(rows, ignore_conflicts=True)


@database_sync_to_async
def _read(user_id: int, ids: set[str]) -> list[Kept]:
    rows = StoredResponse.objects.filter(user_id=user_id, response_id__in=ids)
    return [
        Kept(
            response_id=row.response_id,
            user_id=row.user_id,
            connection_id=row.connection_id,
            model=row.model,
        )
        for row in rows
    ]


@database_sync_to_async
def _delete(kept: Kept) -> None:
    StoredResponse.objects.filter(user_id=kept.user_id, response_id=kept.response_id).delete()


@database_sync_to_async
def _prune() -> None:
    """Delete what no upstream keeps any more."""
    try:
        StoredResponse.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    except DatabaseError as exc:
        logger.warning("Old stored responses stay for now: %s", exc)
