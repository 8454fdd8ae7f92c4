"""The answers to requests for speech: on disk, the small ones also in memory."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator
from functools import cache
from pathlib import Path

from django.conf import settings

from audio.process_locks import ProcessLocks
from audio.single_flight import Flights
from audio.speech_files import Recording, SpeechWriter
from audio.speech_store import SpeechStore, touch
from audio.tally import Tally

logger = logging.getLogger(__name__)

MEMORY_BYTES = 32 * 2**20
LARGEST_IN_MEMORY_BYTES = PIECE_BYTES = 512 * 1024
WARN_SECONDS = 60.0
SAVE_SECONDS = 5.0


class SpeechCache:
    """Finds and writes recordings without holding up the event loop.

    A disk that is full or cannot be written to costs the caching, not the answer.
    """

    def __init__(self, store: SpeechStore) -> None:
        self.store = store
        self.flights = Flights()
        self.locks = ProcessLocks(store.directory / "making.lock")
        self.tally = Tally(store.directory / "tally.json")
        self._memory: OrderedDict[str, tuple[Recording, bytes]] = OrderedDict()
        self._memory_bytes = 0
        self._warned_at = float("-inf")
        self._saving: asyncio.TimerHandle | None = None

    def count(self, *, is_hit: bool) -> None:
        """Count a request; a few seconds later all workers' figures have it."""
        if is_hit:
            self.tally.hit()
        else:
            self.tally.miss()
        if self._saving is None:
            self._saving = asyncio.get_running_loop().call_later(SAVE_SECONDS, self._save)

    async def flush(self) -> None:
        """Save what was counted and is not saved yet, as before the end of the worker."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
            await asyncio.to_thread(self.tally.save)

    async def find(self, digest: str) -> Recording | None:
        """The recording called ``digest``, if there is one."""
        held = self._memory.get(digest)
        if held is not None and self._is_still_there(held[0]):
            self._memory.move_to_end(digest)
            return held[0]
        recording = await asyncio.to_thread(self.store.find, digest)
        if recording is not None and recording.size <= LARGEST_IN_MEMORY_BYTES:
            await self._remember(digest, recording)
        return recording

    async def pieces(self, recording: Recording, start: int, stop: int) -> AsyncGenerator[bytes]:
        """Part of a recording, of the small ones in one piece.

        The first piece raises ``OSError`` when the recording was evicted meanwhile.
        """
        held = self._memory.get(recording.path.name)
        if held is not None and held[0].etag == recording.etag:
            yield held[1][start:stop]
            return
        with await asyncio.to_thread(recording.open) as file:
            file.seek(start)
            for position in range(start, stop, PIECE_BYTES):
                piece = await asyncio.to_thread(file.read, min(PIECE_BYTES, stop - position))
                if not piece:
                    raise EOFError("The recording is no longer whole.")
                yield piece

    def writer(self, digest: str) -> QuietWriter:
        """A writer that gives up, with a warning, when the disk does."""
        return QuietWriter(self, self.store.write(digest))

    def warn(self, error: OSError) -> None:
        """Say that nothing is cached, now and then."""
        if time.monotonic() - self._warned_at > WARN_SECONDS:
            self._warned_at = time.monotonic()
            logger.warning("Speech is served without being cached: %s", error)

    def evict_soon(self) -> None:
        """Make room, if need be, while nobody waits for it."""
        if self.store.has_grown:
            asyncio.get_running_loop().run_in_executor(None, self._evict)

    def _evict(self) -> None:
        try:
            self.store.evict()
        except OSError as exc:
            self.warn(exc)

    def _save(self) -> None:
        self._saving = None
        asyncio.get_running_loop().run_in_executor(None, self.tally.save)

    def _is_still_there(self, recording: Recording) -> bool:
        """Drop from memory the recordings that any process has evicted or cleared."""
        try:
            status = os.stat(recording.path)  # noqa: PTH116 - the cheapest way, on a hot path
        except OSError:
            self._forget(recording.path.name)
            return False
        if time.time() - recording.created_at > self.store.max_age_seconds:
            self._forget(recording.path.name)
            return False
        touch(recording.path, status.st_mtime)
        return True

    async def _remember(self, digest: str, recording: Recording) -> None:
        try:
            content = await asyncio.to_thread(recording.read)
        except OSError:
            return
        self._forget(digest)
        self._memory[digest] = (recording, content)
        self._memory_bytes += len(content)
        while self._memory_bytes > MEMORY_BYTES:
            self._forget(next(iter(self._memory)))

    def _forget(self, digest: str) -> None:
        held = self._memory.pop(digest, None)
        if held is not None:
            self._memory_bytes -= len(held[1])


class QuietWriter:
    """Writes a recording as long as the disk takes it, and as long as it may become one.

    ``is_keeping`` tells whether it does. The written part can be read until :meth:`close`.
    """

    def __init__(self, cache: SpeechCache, writer: SpeechWriter) -> None:
        self._cache = cache
        self._writer = writer
        self.is_keeping = True
        self.written_bytes = 0

    async def write(self, data: bytes) -> None:
        if self.written_bytes + len(data) > self._cache.store.max_bytes:
            self.is_keeping = False  # it would be evicted at once
        if await self._attempt("write", data):
            self.written_bytes += len(data)

    async def read(self, position: int, size: int) -> bytes:
        return await asyncio.to_thread(self._writer.read, position, size)

    async def commit(self, content_type: str) -> None:
        if await self._attempt("commit", content_type):
            self._cache.evict_soon()

    def close(self) -> None:
        """Give the file back; what was not committed never is a recording.

        In a thread, since another one may still be writing for a task that was cancelled.
        """
        asyncio.get_running_loop().run_in_executor(None, self._writer.close)

    async def _attempt(self, method: str, argument: bytes | str) -> bool:
        if not self.is_keeping:
            return False
        try:
            await asyncio.to_thread(getattr(self._writer, method), argument)
        except OSError as exc:
            self._cache.warn(exc)
            self.is_keeping = False
        return self.is_keeping


@cache
def speech_cache() -> SpeechCache | None:
    """The cache of this process; None where it is switched off."""
    return SpeechCache(configured_store()) if settings.GATEWAY_SPEECH_CACHE else None


async def flush() -> None:
    """Save the counts of this process, if there is a cache."""
    if (cache := speech_cache()) is not None:
        await cache.flush()


def configured_store() -> SpeechStore:
    """The store that the settings describe."""
    return SpeechStore(
        Path(settings.GATEWAY_SPEECH_CACHE_DIR),
        max_bytes=settings.GATEWAY_SPEECH_CACHE_MAX_BYTES,
        max_age_seconds=settings.GATEWAY_SPEECH_CACHE_MAX_AGE_SECONDS,
    )
