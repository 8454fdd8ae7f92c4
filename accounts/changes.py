"""How workers learn that something they hold in memory has changed.

Every change bumps a counter in the database (:class:`accounts.models.ConfigVersion`) once its
transaction is committed, and says so on a Redis channel where there is Redis. Each worker watches:
the channel wakes it at once, and a look at the counters every ``POLL_SECONDS`` makes sure. People
and their keys have a counter of their own, so that a new grant has no caller looked up again, and a
new key has no upstream asked for its models.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F

from accounts.models import ConfigVersion
from infrastructure.outages import Cause, outages

# A connection that broke is an InterfaceError, which Django does not count as a DatabaseError.
DATABASE_ERRORS = (DatabaseError, InterfaceError)
DATABASE = Cause(
    lost="The database cannot be asked for changes, so what workers know stays in use",
    back="The database can be asked for changes again",
)
CHANNEL = "gatehouse:changes"
POLL_SECONDS = 1.0
RECONNECT_SECONDS = 2.0
QUICKLY = {"socket_timeout": 1, "socket_connect_timeout": 1}  # a change has been made by then

_thread = threading.local()


class Subject(StrEnum):
    """The topic of a change; the value is the name of its counter."""

    PEOPLE = "people"  # looked at first, so that a revocation does not wait
    CONFIGURATION = "version"


Versions = dict[Subject, int]


def announce(subject: Subject = Subject.CONFIGURATION) -> None:
    """Tell every worker of a change, after the current transaction commits."""
    registered = time.monotonic()

    def bump_once() -> None:
        # A transaction that changes a thousand rows calls this a thousand times; one bump will do.
        last_bumps: dict[Subject, float] = _thread.__dict__.setdefault("last_bumps", {})
        if last_bumps.get(subject, 0.0) >= registered:
            return
        last_bumps[subject] = time.monotonic()
        bump(subject)

    transaction.on_commit(bump_once)


def bump(subject: Subject = Subject.CONFIGURATION) -> None:
    """Raise the counter now and wake the workers that listen on Redis."""
    if not ConfigVersion.objects.update(**{subject: F(subject) + 1}):
        ConfigVersion.objects.get_or_create(defaults={subject: 1})
    if settings.REDIS_URL:
        import redis  # slow to import: only where there is something to say

        from infrastructure import redis_outage, redis_servers

        try:
            with redis_servers.client(settings.REDIS_URL, **QUICKLY) as client:
                client.publish(CHANNEL, b"")
        except redis.RedisError as exc:
            redis_outage.tell("changes are announced by the database alone", exc)


def lock_configuration() -> None:
    """Take this lock until the current transaction ends; other transactions wait.

    For writers that look before they write, such as two gateways that start at the same time.
    SQLite needs no row for that: there a transaction has the database to itself.
    """
    ConfigVersion.objects.get_or_create()
    ConfigVersion.objects.select_for_update().get()


def current_versions() -> Versions:
    """The counters as the database has them. 0 before the first change."""
    row = ConfigVersion.objects.values(*Subject).first()
    return {subject: row[subject] if row else 0 for subject in Subject}


async def watch(
    on_change: Callable[[Subject], Awaitable[None]],
    on_look: Callable[[float], None] = lambda _looked_at: None,
    *,
    since: Versions | None = None,
) -> None:
    """Call ``on_change`` whenever a counter moved. Runs until cancelled.

    ``since`` are the counters as they were before what is in memory was read; else the first look
    is where it begins.
    ``on_look`` is called after each look at the counters, once what they told is dealt with: with
    the time of the look, by ``time.monotonic``. A database that does not answer, now or to
    ``on_change``, is waited out: what is in memory stays in use, and the change is taken up later.
    """
    wake = asyncio.Event()
    listener = asyncio.create_task(_listen(wake)) if settings.REDIS_URL else None
    seen = since or {}
    try:
        while True:
            with suppress(*DATABASE_ERRORS), outages.told(DATABASE, *DATABASE_ERRORS):
                seen = await _look(seen, on_change, on_look)
            await _wait(wake)
    finally:
        if listener is not None:
            listener.cancel()


async def _look(
    seen: Versions,
    on_change: Callable[[Subject], Awaitable[None]],
    on_look: Callable[[float], None],
) -> Versions:
    looked_at = time.monotonic()
    versions = await database_sync_to_async(current_versions)()
    for subject, version in versions.items():
        if seen.get(subject, version) != version:
            await on_change(subject)
    on_look(looked_at)
    return versions


async def _wait(wake: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(POLL_SECONDS):
            await wake.wait()
    except TimeoutError:
        pass
    wake.clear()


async def _listen(wake: asyncio.Event) -> None:
    import redis.asyncio

    from infrastructure import redis_outage, redis_servers

    while True:
        # No socket_timeout: a subscription may have nothing to read for hours.
        client = redis_servers.async_client(settings.REDIS_URL, socket_timeout=None)
        try:
            async with client, client.pubsub() as pubsub:
                await pubsub.subscribe(CHANNEL)
                wake.set()  # for changes that were announced before the subscription
                outages.end(redis_outage.REDIS)
                async for message in pubsub.listen():
                    if message["type"] == "message":
                        wake.set()
        except (redis.RedisError, OSError) as exc:
            redis_outage.tell("no news of changes, the database is asked instead", exc)
            await asyncio.sleep(RECONNECT_SECONDS)
