"""Asking every upstream for its models at once, and telling what has changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connections.calling.client import UpstreamClient
from connections.calling.client_of_settings import open_client
from connections.calling.model_lists import ListingError, list_models
from connections.calling.open_connection import OpenConnection
from connections.upstream import Upstream
from models_registry.listings import NEVER_ASKED, Listing, load, store
from models_registry.registry import is_asked
from models_registry.targets import offered_models


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """One connection. ``new`` and ``gone`` compare with the list known before, None without one.

    ``unlisted`` are those that the admin named and the upstream does not list. ``error`` says why
    there is no list; the models are those known before, then.
    """

    connection: str
    models: tuple[str, ...]
    new: tuple[str, ...] | None = None
    gone: tuple[str, ...] | None = None
    unlisted: tuple[str, ...] = ()
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "connection": self.connection,
            "models": self.models,
            "new": self.new,
            "gone": self.gone,
            "unlisted": self.unlisted,
            "error": self.error or None,
        }


async def sync_all(upstreams: Iterable[Upstream], *, is_dry_run: bool) -> list[Synced]:
    """Ask ``upstreams`` at the same time, in whatever state they are. In their order.

    Unless ``is_dry_run``, what they say is left where workers look for it.
    """
    async with open_client() as client:
        connections = [OpenConnection.open(upstream) for upstream in upstreams]
        return await asyncio.gather(
            *(sync(client, each, is_dry_run=is_dry_run) for each in connections)
        )


async def sync(client: UpstreamClient, connection: OpenConnection, *, is_dry_run: bool) -> Synced:
    """Ask one upstream, if it can be asked."""
    name, known = connection.upstream.name, NEVER_ASKED
    if not is_asked(connection):
        return Synced(connection=name, models=_offered(connection, known))
    known = await load(connection.upstream) or NEVER_ASKED
    try:
        models = tuple(await list_models(client, connection))
    except ListingError as exc:
        if not is_dry_run:
            await store(connection.upstream, known.without_answer(exc))
        return Synced(connection=name, models=_offered(connection, known), error=str(exc))
    fresh = Listing(models=models, asked_at=time.time())
    if not is_dry_run:
        await store(connection.upstream, fresh)
    is_first = known is NEVER_ASKED
    return Synced(
        connection=name,
        models=_offered(connection, fresh),
        new=None if is_first else tuple(sorted(fresh.ids - known.ids)),
        gone=None if is_first else tuple(sorted(known.ids - fresh.ids)),
        unlisted=tuple(each for each in connection.upstream.model_ids if each not in fresh.ids),
    )


def _offered(connection: OpenConnection, listing: Listing) -> tuple[str, ...]:
    return tuple(offered_models(connection.upstream, listing))
