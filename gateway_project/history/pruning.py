"""Old entries of the history are deleted, if the operator wants them deleted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from auditlog.models import LogEntry
from django.conf import settings
from django.db import Error, connection

logger = logging.getLogger(__name__)

BATCH = 500
FIRST_SECONDS = 60.0  # a worker that starts has other work
EVERY_SECONDS = 3600.0


def prune(older_than: timedelta, *, now: datetime | None = None, batch: int = BATCH) -> int:
    """Delete the entries of changes that were made ``older_than`` ago; how many there were.

    Each batch is a transaction. Raises ``django.db.Error``.
    """
    before = (now or datetime.now(UTC)) - older_than
    old = LogEntry.objects.filter(timestamp__lt=before).order_by("timestamp", "pk")
    pruned = 0
    while ids := list(old.values_list("pk", flat=True)[:batch]):
        pruned += LogEntry.objects.filter(pk__in=ids).delete()[0]
    return pruned


def prune_as_set(*, now: datetime | None = None) -> int:
    """Prune by ``GATEWAY_HISTORY_DAYS``; 0 days keep everything."""
    days = settings.GATEWAY_HISTORY_DAYS
    return prune(timedelta(days=days), now=now) if days else 0


async def keep_pruned() -> None:
    """Runs until cancelled, and does nothing where everything is kept."""
    if not settings.GATEWAY_HISTORY_DAYS:
        await asyncio.Event().wait()
    await asyncio.sleep(FIRST_SECONDS)
    while True:
        await asyncio.to_thread(try_to_prune)
        await asyncio.sleep(EVERY_SECONDS)


def try_to_prune(prune: Callable[[], int] = prune_as_set) -> int:
    """How many entries were deleted; none if the database would not have it now."""
    try:
        return prune()
    except Error as exc:
        logger.warning("the history is not pruned, the database says: %s", exc)
        return 0
    finally:
        connection.close()
