"""What workers do for the usage records beside their requests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from django.db import Error, connection

from usage.error_texts import forget_error_texts
from usage.filling import fill_batch

logger = logging.getLogger(__name__)

FIRST_LOOK_SECONDS = 5.0
BREATH_SECONDS = 0.2  # for those who store new rows meanwhile
LOOK_SECONDS = 60.0
FORGET_SECONDS = 3600.0


async def keep_up() -> None:
    """Runs until cancelled. Rows without an hour go to theirs, batch after batch, and are looked
    for every minute; words of upstreams that are old enough are forgotten every hour.
    """
    wait, forget_at = FIRST_LOOK_SECONDS, 0.0
    while True:
        await asyncio.sleep(wait)
        found = await asyncio.to_thread(done, fill_batch)
        wait = BREATH_SECONDS if found else LOOK_SECONDS
        if not found and time.monotonic() >= forget_at:
            await asyncio.to_thread(done, forget_error_texts)
            forget_at = time.monotonic() + FORGET_SECONDS


def done(work: Callable[[], int]) -> int:
    """How many records ``work`` was about; none if the database would not have it now."""
    try:
        return work()
    except Error as exc:
        logger.warning("the upkeep of usage records waits, the database says: %s", exc)
        return 0
    finally:
        connection.close()
