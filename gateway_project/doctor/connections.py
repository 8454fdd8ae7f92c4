"""How each enabled connection is: by the list of models that workers keep, or by asking it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone

from connections.calling.resolve import resolve
from connections.choices import AuthType, Outcome
from connections.models import Connection, LastVerification
from connections.upstream import Upstream
from gateway_project.doctor.finding import Finding, State
from infrastructure.moments import length
from models_registry.listings import Listing, load
from models_registry.syncing import Synced, sync_all

NEED_A_KEY = frozenset({AuthType.BEARER})


def connection_findings(*, is_asked: bool) -> Iterator[Finding]:
    """A finding for each; ``is_asked`` asks the upstreams for their models. Nothing is stored."""
    rows = list(Connection.objects.enabled().by_priority().prefetch_related("keys"))
    if not rows:
        yield Finding(
            part="connections",
            said="none is enabled, so no model is offered",
            state=State.DEGRADED,
            remedy="Add one in the admin, by import_config, or by bootstrap.",
        )
        return
    upstreams = [resolve(row) for row in rows]
    if is_asked:
        found = asyncio.run(sync_all(upstreams, is_dry_run=True))
        yield from map(_of_answer, upstreams, found)
        return
    listings = asyncio.run(_kept(upstreams))
    verified = LastVerification.objects.in_bulk([row.pk for row in rows])
    for upstream, listing in zip(upstreams, listings, strict=True):
        yield _of_kept(upstream, listing, verified.get(upstream.id))


async def _kept(upstreams: list[Upstream]) -> list[Listing | None]:
    return await asyncio.gather(*(load(upstream) for upstream in upstreams))


def _of_answer(upstream: Upstream, synced: Synced) -> Finding:
    if synced.error:
        return _failing(upstream, f"gives no list of models: {synced.error}")
    return _keyless(upstream) or _fine(upstream, f"answers, {len(synced.models)} models")


def _of_kept(
    upstream: Upstream, listing: Listing | None, verified: LastVerification | None
) -> Finding:
    if without := _keyless(upstream):
        return without
    if listing is not None:
        age = f"asked {length(time.time() - listing.asked_at)} ago"
        if listing.is_stale or listing.is_unheard:
            return _failing(upstream, f"gave no list of models, {age}: {listing.problem or '?'}")
        return _fine(upstream, f"{len(listing.models)} models, {age}")
    if verified is not None:
        age = f"verified {length((timezone.now() - verified.started_at).total_seconds())} ago"
        if verified.outcome == Outcome.FAILED:
            return _failing(upstream, f"did not work, {age}: {verified.failed_step}")
        return _fine(upstream, f"works, {age}")
    why = "" if settings.REDIS_URL else ": without Redis, workers keep lists to themselves"
    return _fine(upstream, f"nothing is known yet{why}; doctor --ask asks it")


def _keyless(upstream: Upstream) -> Finding | None:
    """A connection that sends a key and has none that can be read."""
    if upstream.auth_type not in NEED_A_KEY or any(key.secret for key in upstream.keys):
        return None
    if not upstream.keys:  # local upstreams often want none
        return None
    return _failing(upstream, "has a key that is not set or cannot be read")


def _failing(upstream: Upstream, said: str) -> Finding:
    return Finding(
        part=f"connection {upstream.name}",
        said=said.rstrip("."),
        state=State.DEGRADED,
        remedy=f"verify_connection {upstream.name} says where it breaks.",
    )


def _fine(upstream: Upstream, said: str) -> Finding:
    return Finding(part=f"connection {upstream.name}", said=said)
