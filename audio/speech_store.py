"""Speech on disk: one file for each answer, complete or not there.

An answer is written to a file of its own under ``incoming/`` and renamed when it is whole. Behind
the audio stands a footer with its type and digest, so that a file cut short by a crash of the
machine is noticed. File names are digests; what was said is not kept.
All methods block on the disk.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from audio.speech_files import DRAFT_SUFFIX, Recording, SpeechWriter, description_in, opened

# A directory may hold other things besides, which are not to be counted, nor removed.
DIGEST = re.compile(r"[0-9a-f]{64}")
EVICT_TO = 0.9  # of the cap, so that not every answer evicts another
ABANDONED_SECONDS = 3600
TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSize:
    entries: int
    bytes: int


class SpeechStore:
    """``max_bytes`` and ``max_age_seconds`` bound it; those not used for longest go first."""

    def __init__(self, directory: Path, *, max_bytes: int, max_age_seconds: float) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self.max_age_seconds = max_age_seconds
        self._bytes_since_eviction = max_bytes  # look once at the beginning

    def find(self, digest: str) -> Recording | None:
        """The recording called ``digest`` if it is there, whole and not too old."""
        path = self.path(digest)
        try:
            with opened(path) as file:
                status = os.fstat(file.fileno())
                described = description_in(file, status.st_size)
        except OSError:
            return None
        if described is None or time.time() - described["created_at"] > self.max_age_seconds:
            with suppress(OSError):
                path.unlink()
            return None
        touch(path, status.st_mtime)
        return Recording(path=path, **described)

    def write(self, digest: str) -> SpeechWriter:
        """A writer for the recording ``digest``. Nothing is touched yet."""
        path = self.path(digest)
        return SpeechWriter(path, incoming=self._incoming, when_written=self.has_written)

    def path(self, digest: str) -> Path:
        return self.directory / digest[:2] / digest

    def has_written(self, size: int) -> None:
        """Count what may have to be evicted."""
        self._bytes_since_eviction += size

    @property
    def has_grown(self) -> bool:
        """Whether enough was written that the cap may be passed: time to :meth:`evict`."""
        return self._bytes_since_eviction > self.max_bytes * (1 - EVICT_TO)

    def evict(self) -> None:
        """Remove what is too old, was abandoned, or is too much. Raises ``OSError``."""
        self._bytes_since_eviction = 0
        now = time.time()
        for path, status in _files(self._incoming.glob(f"*{DRAFT_SUFFIX}")):
            if now - status.st_mtime > ABANDONED_SECONDS:
                path.unlink(missing_ok=True)
        found = sorted(self._entries(), key=lambda entry: entry[1].st_mtime)
        total = sum(status.st_size for _, status in found)
        allowed = self.max_bytes if total <= self.max_bytes else int(self.max_bytes * EVICT_TO)
        for path, status in found:
            if total <= allowed and now - status.st_mtime <= self.max_age_seconds:
                break
            path.unlink(missing_ok=True)
            total -= status.st_size

    def clear(self) -> StoreSize:
        """Remove everything. Returns what was there."""
        removed = self.size()
        for path, _ in self._entries():
            path.unlink(missing_ok=True)
        return removed

    def size(self) -> StoreSize:
        sizes = [status.st_size for _, status in self._entries()]
        return StoreSize(entries=len(sizes), bytes=sum(sizes))

    @property
    def _incoming(self) -> Path:
        return self.directory / "incoming"

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        found = self.directory.glob("[0-9a-f][0-9a-f]/*")
        return _files(path for path in found if DIGEST.fullmatch(path.name))


def touch(path: Path, used_at: float) -> None:
    """Note that ``path`` was used, unless that was noted just before, or cannot be."""
    if time.time() - used_at > TOUCH_SECONDS:
        with suppress(OSError):  # the disk is read-only, or it was evicted meanwhile
            os.utime(path)


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Each file with what ``stat`` says; whatever another worker removes meanwhile is left out."""
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path, status
