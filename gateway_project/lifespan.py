"""What a worker starts before its first request and ends after its last."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from accounts import bearer_tokens, changes
from accounts.bearer_tokens import BearerTokens
from accounts.callers import callers
from accounts.last_used import last_used
from accounts.oauth.access_tokens import AccessTokens
from accounts.people import people
from audio import speech_cache
from connections.auth.system_oauth import use_token_source
from connections.calling.client_of_settings import make_client
from connections.models.key_files import key_files
from gateway_project.draining import drained_on_signals
from gateway_project.history.pruning import keep_pruned
from gateway_project.key_file_watch import follow_key_files
from gateway_project.limiting import follow_prices, reload_limits, running_limits
from gateway_project.oauth_tokens import configured_access_tokens, token_source
from gateway_project.private_files import private_paths, repair
from gateway_project.reconciling import reconcile
from gateway_project.schema import current_schema
from gateway_project.token_issuer import configured_tokens
from gateway_project.waiting import waiting
from gateway_project.webhook import webhook_of
from infrastructure import redis_outage, redis_owner
from infrastructure.outages import Cause, outages
from limits.admission.gate import gate
from limits.alerts.sending import AlertSender
from models_registry.registry import Registry, activate
from proxy.references.stored_responses import stored_responses
from proxy.resumable.recordings import recordings
from proxy.workers.access import AccessWatch
from proxy.workers.worker_events import WorkerEvents
from resilience.sharing import Sharing
from usage.ledger import running_ledger

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
NOT_ASKED = Cause(
    lost="The database cannot be asked whether it is migrated", back="The database answers again"
)


@asynccontextmanager
async def running_gateway() -> AsyncIterator[Registry]:
    """The worker's client and registry, kept up to date until the block is left."""
    registry = Registry(client := make_client())
    tokens = configured_tokens(client)
    access_tokens = configured_access_tokens(client)
    access = AccessWatch()

    async def on_change(subject: changes.Subject) -> None:
        if subject is changes.Subject.CONFIGURATION:
            await reload_all(registry)
        else:
            forget_people(tokens, access_tokens)
            await callers.refresh()
            await people.refresh()
        access.look_soon()

    tasks: list[asyncio.Task[None]] = []
    try:
        since = await database_sync_to_async(changes.current_versions)()
        await reload_all(registry)
        bearer_tokens.activate(tokens)
        use_token_source(token_source(access_tokens))
        activate(registry)
        tasks = started(
            changes.watch(on_change, confirm_people, since=since),
            registry.run(),
            follow_key_files(key_files, registry.reload),
            access.run(),
            AlertSender(webhook_of(client)).run(),
            *independent_work(),
        )
        yield registry
    finally:
        deactivate()
        await access_tokens.finish()
        await ended(tasks)
        await write_down_the_rest()
        await registry.stop()
        await client.aclose()


async def reload_all(registry: Registry) -> None:
    """Take up the configuration as it is now. Raises ``django.db.DatabaseError``."""
    await registry.reload()
    await reload_limits()


def deactivate() -> None:
    """Have requests find nothing to serve from."""
    activate(None)
    bearer_tokens.activate(None)
    use_token_source(None)


def confirm_people(looked_at: float) -> None:
    """Have heard, by a question asked at ``looked_at``, that no user or key has changed."""
    callers.confirm(looked_at)
    people.confirm(looked_at)


def forget_people(tokens: BearerTokens | None, access_tokens: AccessTokens) -> None:
    """Have what is known of people looked up again, after a change of theirs."""
    if tokens is not None:
        tokens.forget()
    access_tokens.forget()


def independent_work() -> tuple[Coroutine[Any, Any, None], ...]:
    """What a worker does beside its requests that needs nothing of the others."""
    return (
        callers.run(),
        people.run(),
        last_used.run(),
        keep_pruned(),
        follow_prices(),
        WorkerEvents().run(),
        redis_outage.watch(settings.REDIS_URL),
        redis_owner.keep(settings.REDIS_URL),
        Sharing(settings.REDIS_URL).run(),
    )


def started(*coroutines: Coroutine[Any, Any, None]) -> list[asyncio.Task[None]]:
    """Tasks that run for as long as the worker does."""
    tasks = [asyncio.create_task(each) for each in coroutines]
    for task in tasks:
        task.add_done_callback(tell_if_broken)
    return tasks


async def write_down_the_rest() -> None:
    """Flush what a worker writes behind its requests."""
    await last_used.flush()
    await stored_responses.flush()
    await recordings.stop()
    await speech_cache.flush()


async def ended(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def tell_if_broken(task: asyncio.Task[None]) -> None:
    """A task that ends by itself leaves the worker deaf to changes, and nobody waits for it."""
    if not task.cancelled() and (exc := task.exception()) is not None:
        name = getattr(task.get_coro(), "__qualname__", "A task")
        logger.critical("%s has ended. Restart this worker.", name, exc_info=exc)


class Lifespan:
    """ASGI's lifespan protocol around :func:`running_gateway`.

    A database that is not migrated is waited for, after the start was told: not ready, and no more.

        startup ──► migrated? ── yes ──► run ──► startup.complete ─────────► until shutdown
                        └─────── no ───► startup.complete ──► look … ──► run ──► until shutdown
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.to_thread(lambda: repair(private_paths()))
        shutdown = asyncio.ensure_future(receive())
        try:
            waiting.reason = await missing_migrations()
            if waiting.reason:
                await send({"type": "lifespan.startup.complete"})
                await serve_once_migrated(shutdown)
            else:
                async with serving():
                    await send({"type": "lifespan.startup.complete"})
                    await shutdown
        except changes.DATABASE_ERRORS as exc:
            logger.critical("The gateway cannot start: the database says %s", exc)
            await send({"type": "lifespan.startup.failed", "message": ""})
            return
        finally:
            shutdown.cancel()
        await send({"type": "lifespan.shutdown.complete"})


@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    """All that a worker runs, until the block is left. Raises ``django.db.DatabaseError``."""
    await database_sync_to_async(reconcile)()
    async with (
        running_limits(settings.REDIS_URL),
        running_ledger() as ledger,
        running_gateway(),
    ):
        ledger.on_record(gate.settle)
        with drained_on_signals(
            delay=settings.GATEWAY_SHUTDOWN_DELAY_SECONDS,
            grace=settings.GATEWAY_SHUTDOWN_GRACE_SECONDS,
        ):
            spare_from_collection()
            yield


async def serve_once_migrated(shutdown: asyncio.Future[Any]) -> None:
    """Look from time to time whether the database is migrated; then serve until ``shutdown``."""
    while not shutdown.done():
        try:
            if not await missing_migrations():
                async with serving():
                    waiting.reason = ""
                    await shutdown
                    return
        except changes.DATABASE_ERRORS as exc:  # the server was told of a start that went well
            outages.begin(NOT_ASKED, exc)
        await asyncio.wait({shutdown}, timeout=LOOK_SECONDS)


async def missing_migrations() -> str:
    """Why the gateway cannot serve yet; empty if it can. Raises ``django.db.DatabaseError``."""
    schema = await current_schema()
    outages.end(NOT_ASKED)
    return schema.reason if schema.is_behind else ""


def spare_from_collection() -> None:
    """Leave what is loaded by now out of garbage collections, and have fewer of the rest.

    A collection halts every stream. With Python's thresholds a few dozen new streams set one off.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 20)
