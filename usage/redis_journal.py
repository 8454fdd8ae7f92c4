"""A journal in Redis: a stream that all workers write to, and any of them moves to the database.

::

    append ──► linked? ── yes ──► XADD ──► confirmed
                  │                 └─ refused, lost, late ─┐
                  └─ no ────────────────────────────────────┴──► the worker's file, counted

A record that Redis took and did not confirm is in both: storing it again changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import redis

from infrastructure import redis_outage
from infrastructure.seldom import SeldomLog
from usage.journal import Journal
from usage.journal_link import JournalLink
from usage.record import UsageRecord

logger = logging.getLogger(__name__)

CAP_SECONDS = 0.25  # that the last byte of a response waits for Redis
REST_SECONDS = 1.0
LAST_WORDS_SECONDS = 1.0


class RedisJournal:
    """The records of this worker. ``files`` takes those that Redis does not.

    Belongs to the event loop.
    """

    def __init__(self, url: str, files: Journal, *, cap_seconds: float = CAP_SECONDS) -> None:
        self.files = files
        self.diverted = 0
        self._seldom = SeldomLog(logger)
        self._url = url
        self._cap_seconds = cap_seconds
        self._link: JournalLink | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def directory(self) -> Path:
        return self.files.directory

    @property
    def lost(self) -> int:
        return self.files.lost

    @property
    def is_failing(self) -> bool:
        return self.files.is_failing

    @property
    def is_linked(self) -> bool:
        """Whether records go to Redis now."""
        return self._link is not None and not self._link.lost.is_set()

    def append(self, record: UsageRecord) -> None:
        """Send ``record`` to Redis; :meth:`written` tells when it is there."""
        if self._link is None or not self._link.send(record):
            self._divert(record, "there is no connection")

    async def written(self) -> None:
        """Return once Redis or a file has each record that was appended before."""
        if self._link is not None:
            await self._link.settled()

    async def start(self) -> None:
        """Connect, and again whenever the connection is lost, until :meth:`end`."""
        await self._connect()
        self._task = asyncio.create_task(self._keep_linked())

    async def end(self) -> None:
        """Wait for what is not confirmed, for a moment, and hang up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._link is not None:
            try:
                async with asyncio.timeout(LAST_WORDS_SECONDS):
                    await self._link.settled()
            except TimeoutError:
                self._link.abort()
            await self._link.aclose()
            self._link = None

    async def _keep_linked(self) -> None:
        while True:
            if self._link is not None:
                await self._link.lost.wait()
                await self._link.aclose()
                self._link = None
            if not await self._connect():
                await asyncio.sleep(REST_SECONDS)

    async def _connect(self) -> bool:
        link = JournalLink(give_back=self._divert, cap_seconds=self._cap_seconds)
        try:
            await link.connect(self._url)
        except (redis.RedisError, OSError) as exc:
            redis_outage.tell("usage records go to files", exc)
            return False
        self._link = link
        return True

    def _divert(self, record: UsageRecord, why: str) -> None:
        self.diverted += 1
        self._seldom.warn(f"usage records go to the journal in DATA_DIR, not to Redis: {why}")
        self.files.append(record)
