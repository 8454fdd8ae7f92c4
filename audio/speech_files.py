"""One recording on disk: written to a file of its own, and read only if that is whole.

Behind the audio stands a footer with its type and digest, so that a file cut short by a crash of
the machine is noticed. All methods block on the disk.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, BinaryIO

import orjson

MAGIC = b"GWSPEECH"
FOOTER = struct.Struct(">I8s")  # length of the description before it, and the magic number
DESCRIBED = {"content_type", "etag", "size", "created_at"}
DRAFT_SUFFIX = ".part"


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
        file = opened(self.path)
        described = description_in(file, os.fstat(file.fileno()).st_size)
        if described is None or described["etag"] != self.etag:
            file.close()
            raise FileNotFoundError(self.path)
        file.seek(0)
        return file

    def read(self) -> bytes:
        """All of the audio. Raises ``OSError`` as :meth:`open` does."""
        with self.open() as file:
            return file.read(self.size)


class SpeechWriter:
    """Writes one recording, which counts only after ``commit``, and reads back what it wrote.

    Its file is there from the first ``write`` to ``close``. Methods may be called from several
    threads, also ``close`` while another one writes.
    """

    def __init__(self, path: Path, *, incoming: Path, when_written: Callable[[int], None]) -> None:
        """``path`` is the recording's own, ``incoming`` where it lies until it is whole."""
        self._path = path
        self._incoming = incoming
        self._when_written = when_written
        self._hash = hashlib.sha256()
        self._size = 0
        # Guards the file: the number of a closed descriptor may belong to another file by now.
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
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._draft.replace(self._path)
            self._draft = None
        self._when_written(self._size)

    def discard(self) -> None:
        """Leave nothing behind. May follow ``commit``, and does nothing then."""
        with self._lock:
            self._discard()

    def close(self) -> None:
        """Give the file back. An uncommitted recording is discarded."""
        with self._lock:
            self._discard()
            self._is_closed = True
            if self._file is not None:
                self._file.close()
                self._file = None

    def _opened(self) -> FileIO:
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, name = tempfile.mkstemp(dir=self._incoming, suffix=DRAFT_SUFFIX)
        self._draft = Path(name)
        return FileIO(descriptor, "r+")

    def _discard(self) -> None:
        draft, self._draft = self._draft, None
        if draft is not None:
            with suppress(OSError):
                draft.unlink()


def _write_all(file: FileIO, data: bytes) -> None:
    """The system may take it in several steps."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def description_in(file: Any, size: int) -> dict[str, Any] | None:
    """The footer's values; None if the file is not whole."""
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


def opened(path: Path) -> BinaryIO:
    """Links are not followed: what they lead to is nothing that was written here."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), "rb")
