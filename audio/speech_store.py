"""Speech on disk: one file for each answer, complete or not there.

An answer is written to a file of its own under ``incoming/`` and renamed when it is whole. Behind
the audio stands a footer with its type and digest, so that a file cut short by a crash of the
machine is noticed. File names are digests; what was said is not kept.
All methods block on the disk.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import struct
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson

MAGIC = b"GWSPEECH"
FOOTER = struct.Struct(">I8s")  # length of the description before it, and the magic number
# A directory may hold other things besides, which are not to be counted, nor removed.
DIGEST = re.compile(r"[0-9a-f]{64}")
DRAFT_SUFFIX = ".part"
DESCRIBED = {"content_type", "etag", "size", "created_at"}
EVICT_TO = 0.9  # of the cap, so that not every answer evicts another
ABANDONED_SECONDS = 3600
TOUCH_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A stored answer. ``etag`` is quoted as HTTP wants it; ``created_at`` is in epoch seconds."""

    path: Path
    content_type: str
    etag: str
    size: int
    created_at: float

    def open(self) -> BinaryIO:
        """A file that begins with the audio. Raises ``OSError`` when it is gone or another now."""
        file = _opened(self.path)
        described = _description(file, os.fstat(file.fileno()).st_size)
        if described is None or described["etag"] != self.etag:
            file.close()
            raise FileNotFoundError(self.path)
        file.seek(0)
        return file

    def read(self) -> bytes:
        """All of the audio. Raises ``OSError`` as :meth:`open` does."""
        with self.open() as file:
            return file.read(self.size)


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
            with _opened(path) as file:
                status = os.fstat(file.fileno())
                described = _description(file, status.st_size)
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
        return SpeechWriter(self, digest)

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


class SpeechWriter:
    """Writes one recording, which counts only after ``commit``, and reads back what it wrote.

    Its file is there from the first ``write`` to ``close``. Methods may be called from several
    threads, also ``close`` while another one writes.
    """

    def __init__(self, store: SpeechStore, digest: str) -> None:
        self._store = store
        self._digest = digest
        self._hash = hashlib.sha256()
        self._size = 0
        # Who writes to a descriptor that was closed may write to what somebody else has opened.
        self._lock = threading.Lock()
        self._file: FileIO | None = None
        self._draft: Path | None = None
        self._is_closed = False

    def write(self, data: bytes) -> None:
        """Raises ``OSError``."""
        with self._lock:
            if self._is_closed:
                return
            if self._file is None:
                self._file = self._opened()
            _write_all(self._file, data)
            self._hash.update(data)
            self._size += len(data)

    def read(self, position: int, size: int) -> bytes:
        """Part of what was written, also after ``commit`` and ``discard``; nothing when closed."""
        with self._lock:
            if self._file is None:
                return b""
            return os.pread(self._file.fileno(), size, position)

    def commit(self, content_type: str) -> None:
        """Give the recording its name, in one step. Raises ``OSError``."""
        description = {
            "content_type": content_type,
            "etag": f'"{self._hash.hexdigest()[:32]}"',
            "size": self._size,
            "created_at": time.time(),
        }
        encoded = orjson.dumps(description)
        with self._lock:
            if self._draft is None or self._file is None:
                return
            _write_all(self._file, encoded + FOOTER.pack(len(encoded), MAGIC))
            path = self._store.path(self._digest)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._draft.replace(path)
            self._draft = None
        self._store.has_written(self._size)

    def discard(self) -> None:
        """Leave nothing behind. May follow ``commit``, and does nothing then."""
        with self._lock:
            self._discard()

    def close(self) -> None:
        """Give the file back. What was not committed is discarded."""
        with self._lock:
            self._discard()
            self._is_closed = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def _opened(self) -> FileIO:
        self._store._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self._store._incoming, suffix=DRAFT_SUFFIX)
        self._draft = Path(name)
        return FileIO(descriptor, "r+")

    def _discard(self) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            with suppress(OSError):
                draft.unlink()


def touch(path: Path, used_at: float) -> None:
    """Note that ``path`` was used, unless that was noted just before, or cannot be."""
    if time.time() - used_at > TOUCH_SECONDS:
        with suppress(OSError):  # the disk is read-only, or it was evicted meanwhile
            os.utime(path)


def _write_all(file: FileIO, data: bytes) -> None:
    """The system may take it in several steps."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _description(file: Any, size: int) -> dict[str, Any] | None:
    """What the footer says, None if the file is not whole."""
    if size < FOOTER.size:
        return None
    file.seek(size - FOOTER.size)
    length, magic = FOOTER.unpack(file.read(FOOTER.size))
    if magic != MAGIC or length > size - FOOTER.size:
        return None
    file.seek(size - FOOTER.size - length)
    try:
        described: Any = orjson.loads(file.read(length))
    except orjson.JSONDecodeError:
        return None
    if not isinstance(described, dict) or described.keys() != DESCRIBED:
        return None
    return described if described["size"] == size - FOOTER.size - length else None


def _opened(path: Path) -> BinaryIO:
    """Links are not followed: what they lead to is nothing that was written here."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb")


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, os.stat_result]]:
    """Each file with what ``stat`` says; whatever another worker removes meanwhile is left out."""
    for path in paths:
        with suppress(FileNotFoundError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path, status
