"""Where a worker writes each record before the answer ends: files that outlive it.

A journal is a row of segments. The worker appends to the newest, which it holds under a lock that
ends with its process. A segment nobody holds is complete: any worker may take it, write its records
to the database, and remove it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import count
from pathlib import Path

from usage.record import UsageRecord

logger = logging.getLogger(__name__)

SUFFIX = ".jsonl"
SEGMENT_BYTES = 16 * 2**20
COMPLAIN_SECONDS = 60.0


class Sync(StrEnum):
    """When records must have reached the disk itself, should the machine lose its power."""

    NEVER = "never"
    INTERVAL = "interval"
    ALWAYS = "always"


class Journal:
    """The records of this worker. Made and written to on one thread.

    ``lost`` counts records that could not be written; ``is_failing`` tells whether the last could.
    """

    diverted = 0  # none goes elsewhere

    def __init__(
        self, directory: Path, *, sync: Sync = Sync.NEVER, segment_bytes: int = SEGMENT_BYTES
    ) -> None:
        self.directory = directory
        self.lost = 0
        self.is_failing = False
        self._sync = sync
        self._segment_bytes = segment_bytes
        self._worker = f"{time.time_ns() // 1_000_000:013d}-{os.getpid()}-{secrets.token_hex(3)}"
        self._numbers = count(1)
        self._descriptor: int | None = None
        self._size = 0
        self._is_torn = False
        self._complained_at = float("-inf")

    def append(self, record: UsageRecord) -> None:
        """Write ``record`` with one system call. A disk that is full loses it, and is counted."""
        line = record.as_line()
        try:
            self._write(line)
        except OSError as exc:
            self._lose(exc)
        else:
            self.is_failing = False

    async def start(self) -> None:
        """The first record begins a segment."""

    async def written(self) -> None:
        """Each record is in its file by now."""

    async def end(self) -> None:
        """The segment is closed after the last flush."""

    def rotate(self) -> None:
        """Complete the segment that is written, if there is anything in it."""
        if self._size:
            self.close()

    def duplicate(self) -> int | None:
        """The segment that is written, to be synced and closed by another thread."""
        return None if self._descriptor is None else os.dup(self._descriptor)

    def close(self) -> None:
        """Let go of the segment; the next record begins another."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._size, self._is_torn = None, 0, False

    def _write(self, line: bytes) -> None:
        if self._descriptor is None:
            self._descriptor = self._new_segment()
        whole = b"\n" + line if self._is_torn else line
        written = os.write(self._descriptor, whole)
        self._size += written
        self._is_torn = written < len(whole)
        if self._is_torn:
            raise OSError(f"only {written} of {len(whole)} bytes fit")
        if self._sync is Sync.ALWAYS:
            os.fdatasync(self._descriptor)
        if self._size >= self._segment_bytes:
            self.close()

    def _new_segment(self) -> int:
        """Held before it has a name that others look for, or they would take it for complete."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self.directory / f"{self._worker}-{next(self._numbers):06d}{SUFFIX}"
        draft = path.with_suffix(".new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            draft.rename(path)
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _lose(self, exc: OSError) -> None:
        self.lost += 1
        self.is_failing = True
        if time.monotonic() - self._complained_at > COMPLAIN_SECONDS:
            self._complained_at = time.monotonic()
            logger.error("cannot write the usage journal, %d lost so far: %s", self.lost, exc)


def segments(directory: Path) -> list[Path]:
    """The segments there are, the oldest first, held or not."""
    return sorted(directory.glob(f"*{SUFFIX}"))


@contextmanager
def adopted(path: Path) -> Iterator[bool]:
    """Hold a complete segment while its records are moved; False if it is not to be had."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    try:
        yield _is_locked(descriptor)
    finally:
        os.close(descriptor)


def records(path: Path) -> Iterator[UsageRecord | None]:
    """The records of a segment; None for each line that is torn, as a full disk leaves them."""
    with path.open("rb") as lines:
        yield from records_in(lines)


def records_in(lines: Iterable[bytes]) -> Iterator[UsageRecord | None]:
    """The same of a segment that is open."""
    for line in lines:
        if not line.strip():
            continue
        try:
            yield UsageRecord.from_line(line)
        except ValueError:
            yield None


def _is_locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0  # 0 links: another worker has moved it
