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
from connections.calling.line import Line, Lines
from models_registry.building import SnapshotBuilder
from models_registry.listing import NEVER_ASKED, Listing, cache_key, load, newest, renew
from models_registry.loader import Configuration, load_configuration
from models_registry.pipeline_filters import has_filters
from models_registry.snapshot import Snapshot

logger = logging.getLogger(__name__)

ANNOUNCE_SECONDS = 5.0  # an upstream whose list changes all the time shall not keep everybody busy


class Registry:
    """Holds the current :class:`Snapshot`; a request that took one keeps it to its end."""

    def __init__(self, client: UpstreamClient) -> None:
        self.client = client
        self._lines = Lines()
        self._listings: dict[Line, Listing] = {}
        self._configuration: Configuration | None = None
        self._snapshot: Snapshot | None = None
        self._builder = SnapshotBuilder()
        self._changed = self._built = 0
        self._building = asyncio.Lock()
        self._reloading = asyncio.Lock()
        self._asking: dict[Line, asyncio.Task[None]] = {}
        self._asked_at = 0.0
        self._announced_at = float("-inf")

    @property
    def snapshot(self) -> Snapshot:
        """The current one. Only valid after the first :meth:`reload`."""
        if self._snapshot is None:
            raise RuntimeError("the registry has not been loaded")
        return self._snapshot

    @property
    def listings(self) -> dict[Line, Listing]:
        """What was last heard from each connection, in order of priority."""
        return dict(self._listings)

    async def reload(self) -> None:
        """Take up the configuration as it is now, with the lists known so far; ask for new ones.

        Raises ``django.db.DatabaseError``; what was there before stays in use then.
        """
        async with self._reloading:
            configuration = await database_sync_to_async(load_configuration)()
            lines = self._lines.to(configuration.upstreams)
            loaded = await asyncio.gather(*(self._stored(line) for line in lines))
            # A connection that was only renamed or re-tagged lists what it did before.
            heard = {cache_key(line.upstream): known for line, known in self._listings.items()}
            self._listings = {
                line: newest(heard.get(cache_key(line.upstream), NEVER_ASKED), stored)
                for line, stored in zip(lines, loaded, strict=True)
            }
            self._configuration = configuration
            await self._rebuild()
        self.refresh_soon(max_age=configuration.options.models_cache_ttl)

    async def settled(self, is_enough: Callable[[], bool] = lambda: False) -> None:
        """Return once every connection was asked for its models at least once, or ``is_enough()``.

        Connections that an admin gave a list of models are not waited for, unless theirs tells of
        filters.
        """
        waiting = {
            self._ask(line, 0.0)
            for line, known in self._listings.items()
            if known is NEVER_ASKED
            and is_asked(line)
            and (not line.upstream.model_ids or has_filters(line))
        }
        while waiting and not is_enough():
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    def refresh_if_older_than(self, seconds: float) -> None:
        """Ask the upstreams again in the background if they were last asked longer ago."""
        if time.monotonic() - self._asked_at > seconds:
            self.refresh_soon(max_age=seconds)

    def refresh_soon(self, *, max_age: float = 0.0) -> None:
        """Have every list renewed in the background unless it is younger than ``max_age``."""
        self._asked_at = time.monotonic()
        for line in self._listings:
            if is_asked(line):
                self._ask(line, max_age)

    async def run(self) -> None:
        """Refresh from time to time, until cancelled."""
        while True:
            seconds = settings.GATEWAY_MODELS_REFRESH_SECONDS
            await asyncio.sleep(seconds)
            self.refresh_soon(max_age=seconds / 2)  # workers tick at different times

    async def stop(self) -> None:
        """Drop what is still being asked."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, line: Line, max_age: float) -> asyncio.Task[None]:
        """Ask one upstream; who wants to know while it is being asked shares the answer."""
        task = self._asking.get(line)
        if task is None:
            task = self._asking[line] = asyncio.create_task(self._refresh(line, max_age))
            task.add_done_callback(lambda _: self._asking.pop(line, None))
        return task

    async def _refresh(self, line: Line, max_age: float) -> None:
        """Each list counts as soon as it is there, so a silent upstream holds up no other."""
        known = self._listings.get(line, NEVER_ASKED)
        renewed = await renew(self.client, line, known, max_age=max_age)
        if line not in self._listings:  # the configuration changed meanwhile
            return
        known = self._listings[line]
        self._listings[line] = newest(known, renewed.listing)
        if not known.says_the_same_as(self._listings[line]):
            await self._rebuild()
        if renewed.is_news:
            await self._announce()

    async def _stored(self, line: Line) -> Listing | None:
        """What another worker heard, of a connection this one knows nothing of."""
        if line in self._listings or not is_asked(line):
            return None
        return await load(line.upstream)

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


def is_asked(line: Line) -> bool:
    """Whether the upstream can be asked; otherwise the admin's own list is all there is."""
    return line.adapter.lists_models


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
