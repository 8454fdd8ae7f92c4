"""From the journals into the database: this worker's, and those of workers that are dead."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from django.db import Error, connection

from usage.journal import Journal, adopted, records_in, segments
from usage.record import UsageRecord
from usage.storing import store

if TYPE_CHECKING:
    from usage.journal_stream import JournalStream

logger = logging.getLogger(__name__)

T = TypeVar("T")
OnStored = Callable[[Iterable[UsageRecord]], None]
Store = Callable[[Sequence[UsageRecord]], None]

FLUSH_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
LAST_FLUSH_SECONDS = 10.0
BATCH = 2000


class Flusher:
    """Moves complete segments, and a ``stream``, on a thread of its own. One for each worker.

    ``on_stored`` is told there of the records of each segment that is in the database, once.
    ``store`` puts a batch there.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        syncs: bool,
        on_stored: OnStored | None = None,
        store: Store = store,
        stream: JournalStream | None = None,
    ) -> None:
        self._journal = journal
        self._stream = stream
        self._store = store
        self._on_stored = on_stored
        self._syncs = syncs
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="usage-flusher")

    async def run(self) -> None:
        """Flush every second, and less often while the database is down. Runs until cancelled."""
        wait = FLUSH_SECONDS
        while True:
            await asyncio.sleep(wait)
            is_done = await self._flush_or_log()
            wait = FLUSH_SECONDS if is_done else min(wait * 2, LONGEST_WAIT_SECONDS)

    async def flush(self) -> bool:
        """Move what there is; False if the database or the disk would not have it."""
        try:
            if self._syncs and (descriptor := self._journal.duplicate()) is not None:
                await self._on_thread(partial(_sync, descriptor))
            directory, on_stored = self._journal.directory, self._on_stored
            move_all = partial(_move_all, directory, on_stored, self._store)
            if not await self._on_thread(move_all):
                return False
            self._journal.rotate()  # only now: while the database is down, segments stay few
            return await self._on_thread(move_all) and await self._flush_stream()
        except OSError as exc:
            logger.warning("cannot read the usage journal: %s", exc)
            return False

    async def stop(self) -> None:
        """Flush for the last time, but not for long: the next worker finds what is left."""
        try:
            async with asyncio.timeout(LAST_FLUSH_SECONDS):
                await self._flush_or_log()
        except TimeoutError:
            logger.warning("the usage journal is not flushed; the next start does it")
        finally:
            self._journal.close()
            if self._stream is not None:
                self._thread.submit(self._stream.close)
            self._thread.shutdown(wait=False)

    async def _flush_stream(self) -> bool:
        if self._stream is None:
            return True
        from usage.journal_stream import try_to_move  # slow to import

        return await self._on_thread(
            partial(try_to_move, self._stream, self._on_stored, self._store)
        )

    async def _flush_or_log(self) -> bool:
        try:
            return await self.flush()
        except Exception:  # the boundary: the ledger survives an unexpected record
            logger.exception("the usage journal cannot be flushed")
            return False

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def move_segment(path: Path, on_stored: OnStored | None = None, store: Store = store) -> int:
    """Store the records of a segment and remove it; how many there were.

    Raises ``django.db.Error``. Nothing is lost then, and nothing is stored twice by another try.
    """
    moved = torn = 0
    with adopted(path) as is_ours:
        if not is_ours:
            return 0
        with path.open("rb") as segment:
            lines = records_in(segment)
            while batch := list(islice(lines, BATCH)):
                known = [record for record in batch if record is not None]
                store(known)
                moved += len(known)
                torn += len(batch) - len(known)
            path.unlink()
            if on_stored is not None:  # only now: until it is gone, it may be moved again
                segment.seek(0)
                on_stored(record for record in records_in(segment) if record is not None)
    if torn:
        logger.warning("%d lines of the usage journal could not be read and are lost", torn)
    return moved


def _sync(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _move_all(directory: Path, on_stored: OnStored | None, store: Store) -> bool:
    try:
        for path in segments(directory):
            move_segment(path, on_stored, store)
    except Error as exc:
        logger.warning("usage stays in the journal, the database says: %s", exc)
        return False
    finally:
        connection.close()
    return True
