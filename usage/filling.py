"""Rows that no hour counts, as those of an older version, are added to the totals of their hours.

::

    rows without the mark ──► locked ──► added to their hours, marked ──► commit ──► the next ones

Workers do it beside their requests. Whoever stops it loses nothing, and readers add up such rows
themselves until they have the mark.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from django.db import Error, connection, transaction

from usage import hours
from usage.models import UsageRow

logger = logging.getLogger(__name__)

BATCH = 2000
FIRST_LOOK_SECONDS = 5.0
BREATH_SECONDS = 0.2  # for those who store new rows meanwhile
LOOK_SECONDS = 60.0


def fill_batch(*, before: datetime | None = None, most: int = BATCH) -> int:
    """Add the oldest rows that no hour counts; how many there were. Raises ``django.db.Error``.

    Rows that another worker adds at this moment are passed over.
    """
    rows = UsageRow.objects.filter(is_in_hours__isnull=True).order_by("accepted_at")
    if before is not None:
        rows = rows.filter(accepted_at__lt=before)
    with transaction.atomic():
        locked = rows.select_for_update(skip_locked=True, of=("self",))
        found = list(locked.values_list("pk", *hours.TAKEN)[:most])
        hours.add(row[1:] for row in found)
        UsageRow.objects.filter(pk__in=[row[0] for row in found]).update(is_in_hours=True)
    return len(found)


async def keep_filling() -> None:
    """Look for such rows until cancelled: one batch after the other, and else every minute."""
    wait = FIRST_LOOK_SECONDS
    while True:
        await asyncio.sleep(wait)
        found = await asyncio.to_thread(_fill_or_log)
        wait = BREATH_SECONDS if found else LOOK_SECONDS


def _fill_or_log() -> int:
    try:
        return fill_batch()
    except Error as exc:
        logger.warning("usage records are not added to their hours yet, the database says: %s", exc)
        return 0
    finally:
        connection.close()
