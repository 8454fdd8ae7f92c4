"""Keeping what this worker hears of connections, and looking closer at those that fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection
from connections.choices import CALLERS_OWN, Cause
from connections.health.keeping import Heard, claim_inspection, keep_heard
from connections.upstream import Upstream
from connections.verify.keeping import keep_verification
from connections.verify.run import verify
from models_registry.listed_notes import note_listed
from models_registry.listings import Listing

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

SAME_AGAIN_SECONDS = 45.0  # before what has not changed is written again
INSPECTION_SECONDS = 10.0


class HealthNotes:
    """The notes of one worker. A database that is down costs a line of log, nothing else."""

    def __init__(self) -> None:
        self._written: dict[int, tuple[tuple[str, str, int], float]] = {}
        self._listed: dict[int, frozenset[str]] = {}

    async def keep(self, upstream: Upstream, listing: Listing) -> None:
        """Keep what the upstream said when this worker asked it."""
        await self._keep_models(upstream, listing)
        said = (listing.cause, listing.problem, len(listing.models))
        before, written_at = self._written.get(upstream.id, (None, 0.0))
        now = time.monotonic()
        if said == before and now - written_at < SAME_AGAIN_SECONDS:
            return
        heard = heard_of(listing)
        if await _try(lambda: keep_heard(upstream.id, heard)) is not _FAILED:
            self._written[upstream.id] = said, now

    async def _keep_models(self, upstream: Upstream, listing: Listing) -> None:
        """Keep which models there are, when others are listed than before."""
        if listing.is_stale or self._listed.get(upstream.id) == listing.ids:
            return
        at = datetime.fromtimestamp(listing.asked_at, tz=UTC)
        if await _try(lambda: note_listed(upstream.id, listing.ids, at=at)) is not _FAILED:
            self._listed[upstream.id] = listing.ids

    async def inspect(self, client: UpstreamClient, connection: OpenConnection) -> None:
        """Verify a connection that fails, if no worker has done so within five minutes."""
        upstream = connection.upstream
        if upstream.auth_type in CALLERS_OWN:
            return  # the gateway has no credential to verify it with
        started_at = timezone.now()
        if await _try(lambda: claim_inspection(upstream.id, now=started_at)) is not True:
            return
        found = await verify(upstream, client=client, timeout_seconds=INSPECTION_SECONDS)
        await _try(lambda: keep_verification(upstream.id, found, started_at=started_at))


def heard_of(listing: Listing) -> Heard:
    """What ``listing`` says of the connection."""
    at = datetime.fromtimestamp(listing.asked_at, tz=UTC)
    if not listing.is_stale:
        return Heard(at=at, model_count=len(listing.models))
    return Heard(at=at, cause=Cause(listing.cause or Cause.FAILING), problem=listing.problem)


_FAILED = object()


async def _try(work: Callable[[], Result]) -> Result | object:
    try:
        return await database_sync_to_async(work)()
    except DatabaseError as exc:
        logger.warning("The state of a connection is not kept: %s", exc)
        return _FAILED
