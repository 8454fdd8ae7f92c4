"""Which journal a worker writes to: ``GATEWAY_USAGE_JOURNAL`` is ``files`` or ``redis``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from django.conf import settings

from usage.journal import Journal, Sync
from usage.record import UsageRecord

if TYPE_CHECKING:
    from usage.journal_stream import JournalStream

FILES, REDIS = "files", "redis"


class UsageJournal(Protocol):
    """Keeps the records of a worker until the database has them. Belongs to the event loop.

    ``lost`` counts records that could not be written anywhere, ``diverted`` those that went to a
    file because Redis did not take them.
    """

    @property
    def directory(self) -> Path: ...
    @property
    def lost(self) -> int: ...
    @property
    def diverted(self) -> int: ...
    @property
    def is_failing(self) -> bool: ...

    async def start(self) -> None:
        """Called before the first record."""

    def append(self, record: UsageRecord) -> None:
        """Write ``record``, or begin to. Never raises."""

    async def written(self) -> None:
        """Return once each record that was appended before outlives this worker."""

    async def end(self) -> None:
        """Called after the last record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """``journal`` takes the records, ``files`` and ``stream`` are moved to the database."""

    journal: UsageJournal
    files: Journal
    stream: JournalStream | None = None

    @classmethod
    def of_settings(cls) -> Journals:
        files = Journal(settings.DATA_DIR / "journal", sync=Sync(settings.GATEWAY_USAGE_SYNC))
        if not is_redis_chosen():
            return cls(journal=files, files=files)
        from usage.journal_stream import JournalStream  # slow to import
        from usage.redis_journal import RedisJournal

        url = settings.REDIS_URL
        journal = RedisJournal(url, files, cap_seconds=settings.GATEWAY_USAGE_REDIS_SECONDS)
        return cls(journal=journal, files=files, stream=JournalStream(url))


def is_redis_chosen() -> bool:
    """Whether records go to Redis. A system check tells of a Redis that is not named."""
    return settings.GATEWAY_USAGE_JOURNAL == REDIS and bool(settings.REDIS_URL)
