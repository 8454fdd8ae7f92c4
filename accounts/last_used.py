"""When each key was last used, without a write for each request."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from itertools import islice
from uuid import UUID

from channels.db import database_sync_to_async
from django.db.models import Q
from django.utils import timezone

from accounts.changes import DATABASE_ERRORS
from accounts.models import ApiKey

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 30.0
KEYS_PER_QUERY = 500


class LastUsed:
    """The keys this worker has seen since it last wrote them down."""

    def __init__(self) -> None:
        self._used: set[UUID] = set()

    def note(self, key_id: UUID) -> None:
        self._used.add(key_id)

    async def flush(self) -> None:
        """Write down what was noted, to within ``FLUSH_SECONDS``. Kept if the database is down."""
        used, self._used = self._used, set()
        try:
            await database_sync_to_async(_write)(used, timezone.now())
        except DATABASE_ERRORS as exc:
            self._used |= used
            logger.warning("cannot write down which keys were used: %s", exc)

    async def run(self) -> None:
        """Flush from time to time, until cancelled."""
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()


last_used = LastUsed()


def _write(key_ids: set[UUID], at: datetime) -> None:
    remaining = iter(key_ids)
    while chunk := list(islice(remaining, KEYS_PER_QUERY)):
        # The clocks of workers differ: an earlier time never replaces a later one.
        is_earlier = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at)
        ApiKey.objects.filter(is_earlier, pk__in=chunk).update(last_used_at=at)
