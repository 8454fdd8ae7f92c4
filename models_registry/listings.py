"""The models of one upstream, as last heard by this worker or another one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import orjson
from django.conf import settings

from connections.calling.client import UpstreamClient
from connections.calling.model_lists import ListingError, list_models, usable_models
from connections.calling.open_connection import OpenConnection
from connections.upstream import Upstream
from models_registry import shared_cache
from models_registry.shared_cache import RefreshLock
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

FORMAT = 2
RETENTION_SECONDS = 7 * 24 * 3600  # the last good list outlives an upstream's bad week
GRACE_SECONDS = 5  # added to the upstream's timeout for the life of the lock
WAIT_SECONDS = 0.1  # between two tries to get the lock

# Threads of their own, as those of the event loop resolve host names: that must not wait for Redis.
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="listings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """``models`` are the upstream's own objects, as of when it last gave a list.

    ``asked_at`` is when it was last asked, in seconds since the epoch; 0 means never. ``is_stale``
    says that it gave no list then, ``problem`` and ``cause`` why; ``is_unheard`` that it never gave
    one.
    """

    models: tuple[JsonObject, ...] = ()
    asked_at: float = 0.0
    is_stale: bool = False
    is_unheard: bool = False
    problem: str = ""
    cause: str = ""

    def says_the_same_as(self, other: Listing) -> bool:
        """Whether clients would see no difference."""
        return (
            self.is_stale == other.is_stale
            and self.is_unheard == other.is_unheard
            and self.models == other.models
        )

    def without_answer(self, error: ListingError) -> Listing:
        """The listing after the upstream was asked again and gave no list."""
        return replace(
            self, asked_at=time.time(), is_stale=True, problem=str(error), cause=error.cause
        )

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(model["id"] for model in self.models)


NEVER_ASKED = Listing(is_unheard=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """``is_news``: it was this worker that heard of models which have come or gone.

    ``is_own``: it was this worker that asked.
    """

    listing: Listing
    is_own: bool = False
    is_news: bool = False


async def renew(
    client: UpstreamClient, connection: OpenConnection, known: Listing, *, max_age: float
) -> Renewed:
    """The upstream's list, not older than ``max_age`` seconds when this began.

    One worker asks at a time; the others wait for what it hears. While the upstream gives no list,
    the newest one that anybody knows stays, marked stale.
    """
    since = time.time() - max_age
    stored = await load(connection.upstream)
    if stored and stored.asked_at >= since:
        return Renewed(listing=stored)
    lock = await _refresh_lock(connection.upstream)
    try:
        stored = await load(connection.upstream)
        if stored and stored.asked_at >= since:
            return Renewed(listing=stored)
        before = newest(known, stored)
        fresh = await fetch(client, connection, before)
        await store(connection.upstream, fresh)
        is_news = before is not NEVER_ASKED and before.ids != fresh.ids
        return Renewed(listing=fresh, is_own=True, is_news=is_news)
    finally:
        await asyncio.shield(_in_thread(lock.release))


async def fetch(
    client: UpstreamClient, connection: OpenConnection, known: Listing = NEVER_ASKED
) -> Listing:
    """Ask the upstream. When it gives no list, what was known before stays, marked stale."""
    try:
        models = await list_models(client, connection)
    except ListingError as exc:
        logger.warning("No list of models from %s: %s", connection.upstream.name, exc)
        return known.without_answer(exc)
    return Listing(models=tuple(models), asked_at=time.time())


def newest(known: Listing, stored: Listing | None) -> Listing:
    """Whichever of the two was heard later."""
    return stored if stored and stored.asked_at > known.asked_at else known


async def load(upstream: Upstream) -> Listing | None:
    """The listing a worker or an earlier run has left, if it is readable."""
    return await _in_thread(lambda: _load(upstream))


async def store(upstream: Upstream, listing: Listing) -> None:
    """Leave ``listing`` for other workers and later runs."""
    await _in_thread(lambda: _store(upstream, listing))


def cache_key(upstream: Upstream) -> str:
    """The same for connections that list the same models: by where it points and as whom it asks.

    No secret can be told from it: keys count by their ids, headers by a digest of all.
    """
    identity = [upstream.provider, upstream.base_url, upstream.auth_type, upstream.api_version]
    identity += [key.id for key in upstream.keys]
    described = orjson.dumps([identity, upstream.headers])
    fingerprint = hashlib.sha256(described).hexdigest()[:16]
    return f"gatehouse:listing:{upstream.id}:{fingerprint}"


def _load(upstream: Upstream) -> Listing | None:
    stored = shared_cache.get(cache_key(upstream))
    if stored is None:
        return None
    try:
        entry = orjson.loads(stored)
        if entry["format"] != FORMAT:
            return None
        return Listing(
            models=tuple(usable_models(entry["models"])),
            asked_at=min(float(entry["asked_at"]), time.time()),  # clocks differ
            is_stale=entry["is_stale"] is True,
            is_unheard=entry.get("is_unheard") is True,
            problem=str(entry.get("problem", "")),
            cause=str(entry.get("cause", "")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        logger.warning("An unreadable list of models of %s is ignored.", upstream.name)
        return None


def _store(upstream: Upstream, listing: Listing) -> None:
    entry = {
        "format": FORMAT,
        "asked_at": listing.asked_at,
        "is_stale": listing.is_stale,
        "is_unheard": listing.is_unheard,
        "problem": listing.problem,
        "cause": listing.cause,
        "models": listing.models,
    }
    shared_cache.put(cache_key(upstream), orjson.dumps(entry), RETENTION_SECONDS)


async def _refresh_lock(upstream: Upstream) -> RefreshLock:
    seconds = settings.AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST + GRACE_SECONDS
    while True:
        lock = await _in_thread(lambda: shared_cache.take_lock(cache_key(upstream), seconds))
        if lock is not None:
            return lock
        await asyncio.sleep(WAIT_SECONDS)


async def _in_thread(work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
