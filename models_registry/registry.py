"""The running registry of a worker: keeps the snapshot current without getting in the way."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError

from accounts import changes
from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection, OpenConnections
from infrastructure.outages import Cause, outages
from models_registry.building import SnapshotBuilder
from models_registry.health_notes import HealthNotes
from models_registry.listings import NEVER_ASKED, Listing, cache_key, load, newest, renew
from models_registry.loader import Configuration, load_configuration
from models_registry.pipelines_filters import has_filters
from models_registry.snapshot import Snapshot
from resilience.budget import retry_budgets
from resilience.states import states

logger = logging.getLogger(__name__)

SWITCHED_OFF = Cause(
    lost="An administrator has switched the API off: calls of models are answered 503 api_disabled",
    back="The API is switched on again",
)
ANNOUNCE_SECONDS = 5.0  # at least, between two announcements of changed lists


class Registry:
    """Holds the current :class:`Snapshot`; a request that took one keeps it to its end."""

    def __init__(self, client: UpstreamClient) -> None:
        self.client = client
        self._connections = OpenConnections()
        self._listings: dict[OpenConnection, Listing] = {}
        self._configuration: Configuration | None = None
        self._snapshot: Snapshot | None = None
        self._builder = SnapshotBuilder()
        self._notes = HealthNotes()
        self._changed = self._built = 0
        self._building = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._asking: dict[OpenConnection, asyncio.Task[None]] = {}
        self._asked_at = 0.0
        self._announced_at = float("-inf")

    @property
    def snapshot(self) -> Snapshot:
        """The current one. Only valid after the first :meth:`reload`."""
        if self._snapshot is None:
            raise RuntimeError("the registry has not been loaded")
        return self._snapshot

    @property
    def listings(self) -> dict[OpenConnection, Listing]:
        """The last known state of each connection, in order of priority."""
        return dict(self._listings)

    async def reload(self, *, is_refreshing: bool = True) -> None:
        """Take up the configuration as it is now, with the lists known so far; ask for new ones,
        unless it is not ``is_refreshing``.

        Raises ``django.db.DatabaseError``; what was there before stays in use then.
        """
        async with self._reloading:
            configuration = await database_sync_to_async(load_configuration)()
            if configuration.options.enable_openai_api:
                outages.end(SWITCHED_OFF)
            else:
                outages.begin(SWITCHED_OFF)
            connections = self._connections.to(configuration.upstreams)
            loaded = await asyncio.gather(*(self._stored(connection) for connection in connections))
            # By cache key, so that a connection that was only renamed or re-tagged keeps its list.
            heard = {
                cache_key(connection.upstream): known
                for connection, known in self._listings.items()
            }
            self._listings = {
                connection: newest(heard.get(cache_key(connection.upstream), NEVER_ASKED), stored)
                for connection, stored in zip(connections, loaded, strict=True)
            }
            self._configuration = configuration
            await self._rebuild()
        if is_refreshing:
            self.refresh_soon(max_age=configuration.options.models_cache_ttl)

    async def settled(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Return once every connection was asked for its models at least once, or ``is_enough()``.

        Connections that an admin gave a list of models are not waited for, unless theirs tells of
        filters.
        """
        waiting = {
            self._ask(connection, 0.0)
            for connection, known in self._listings.items()
            if known is NEVER_ASKED
            and is_asked(connection)
            and (not connection.upstream.model_ids or has_filters(connection))
        }
        while waiting and not is_enough():
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    def refresh_if_older_than(self, seconds: float) -> None:
        """Ask the upstreams again in the background if they were last asked longer ago."""
        if time.monotonic() - self._asked_at > seconds:
            self.refresh_soon(max_age=seconds)

    def refresh_soon(self, *, max_age: float = 0.0) -> list[asyncio.Task[None]]:
        """Have every list renewed in the background unless it is younger than ``max_age``.

        Returns the tasks, for who wants to wait.
        """
        self._asked_at = time.monotonic()
        asked = [connection for connection in self._listings if is_asked(connection)]
        return [self._ask(connection, max_age) for connection in asked]

    async def run(self) -> None:
        """Refresh from time to time, until cancelled."""
        while True:
            seconds = settings.GATEWAY_MODELS_REFRESH_SECONDS
            await asyncio.sleep(seconds)
            self.refresh_soon(max_age=seconds / 2)  # workers tick at different times
            await self.inspect_failing()

    async def inspect_failing(self) -> None:
        """Find out why each connection that gives no list fails, every five minutes at most."""
        failing = [each for each, known in self._listings.items() if known.is_stale]
        await asyncio.gather(*(self._notes.inspect(self.client, each) for each in failing))

    async def stop(self) -> None:
        """Drop what is still being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, connection: OpenConnection, max_age: float) -> asyncio.Task[None]:
        """Ask one upstream; who wants to know while it is being asked shares the answer."""
        task = self._asking.get(connection)
        if task is None:
            task = self._asking[connection] = asyncio.create_task(
                self._refresh(connection, max_age)
            )
            task.add_done_callback(lambda _: self._asking.pop(connection, None))
        return task

    async def _refresh(self, connection: OpenConnection, max_age: float) -> None:
        """Each list counts as soon as it is there, so a silent upstream holds up no other."""
        known = self._listings.get(connection, NEVER_ASKED)
        renewed = await renew(self.client, connection, known, max_age=max_age)
        if connection not in self._listings:  # the configuration changed meanwhile
            return
        known = self._listings[connection]
        self._listings[connection] = newest(known, renewed.listing)
        if not known.says_the_same_as(self._listings[connection]):
            await self._rebuild()
        if renewed.is_own:
            await self._notes.keep(connection.upstream, renewed.listing)
        if renewed.is_news:
            await self._announce()

    async def _stored(self, connection: OpenConnection) -> Listing | None:
        """Another worker's result, for a connection that this worker has not asked yet."""
        if connection in self._listings or not is_asked(connection):
            return None
        return await load(connection.upstream)

    async def _announce(self) -> None:
        """Have the other workers look, too: they may not share our cache."""
        if time.monotonic() - self._announced_at < ANNOUNCE_SECONDS:
            return
        self._announced_at = time.monotonic()
        try:
            await database_sync_to_async(changes.bump)()
        except DatabaseError as exc:
            logger.warning("other workers are not told of new models: %s", exc)

    async def _rebuild(self) -> None:
        """Swap in a snapshot of all that is known by now; one build serves all who wait for it."""
        self._changed += 1
        wanted = self._changed
        async with self._building:
            if self._built >= wanted or self._configuration is None:
                return
            building = self._changed
            self._snapshot = await asyncio.to_thread(
                self._builder.build, self._configuration, self.listings
            )
            self._built = building
            _forget_vanished(self._snapshot)


def _forget_vanished(snapshot: Snapshot) -> None:
    """Drop what was learned of targets and connections that are no longer there."""
    states.forget_except({target.key for target in snapshot.targets})
    retry_budgets.forget_except({each.upstream.id for each in snapshot.connections})


def is_asked(connection: OpenConnection) -> bool:
    """Whether the upstream can be asked; otherwise the admin's own list is all there is."""
    return connection.adapter.lists_models


_active: Registry | None = None


def active() -> Registry:
    """The registry of this worker."""
    if _active is None:
        raise RuntimeError("no registry is running in this process")
    return _active


def is_running() -> bool:
    """Whether this process has a registry to serve from."""
    return _active is not None


def activate(registry: Registry | None) -> None:
    """Make ``registry`` the one of this worker; None when it stops."""
    global _active  # noqa: PLW0603 - one worker, one registry
    _active = registry
