"""Locks between the processes that share a directory: one makes an answer, the others wait."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from pathlib import Path
from types import TracebackType

POLL_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 30.0  # for a process that may be stuck
POSITION_DIGITS = 15  # of a digest: a position below 2**60, which every file system can lock
TAKEN = frozenset({errno.EACCES, errno.EAGAIN})


class ProcessLocks:
    """Each answer is a byte of one empty file, locked by the process that makes it.

    Such locks leave nothing behind and end with their process, however it ends. Where there can be
    none (a read-only disk, a file system without locks) every process makes its own.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._taken: set[str] = set()  # the system would give this process the same lock again

    def lock(self, digest: str) -> ProcessLock:
        return ProcessLock(self, digest)

    def take(self, digest: str) -> bool:
        """Take the lock of ``digest`` for this caller alone, and tell whether that succeeded.

        Call it on the event loop: a thread could take the lock after its caller was cancelled.
        """
        if digest in self._taken:
            return False
        try:
            descriptor = self._opened()
        except OSError:  # PermissionError, too: only from `lockf` it means that the lock is taken
            return True
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _position(digest))
        except OSError as exc:
            return exc.errno not in TAKEN
        self._taken.add(digest)
        return True

    def release(self, digest: str) -> None:
        if digest in self._taken and self._descriptor is not None:
            self._taken.remove(digest)
            fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, _position(digest))

    def _opened(self) -> int:
        """Opened once: closing any descriptor of the file would give back all locks."""
        if self._descriptor is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(self._path, flags, 0o600)
        return self._descriptor


class ProcessLock:
    """``async with`` waits for it, but not for ever, and gives it back."""

    def __init__(self, locks: ProcessLocks, digest: str) -> None:
        self._locks = locks
        self._digest = digest
        self._is_taken = False

    async def __aenter__(self) -> ProcessLock:
        ends_at = asyncio.get_running_loop().time() + LONGEST_WAIT_SECONDS
        while not self._locks.take(self._digest):
            if asyncio.get_running_loop().time() > ends_at:
                return self
            await asyncio.sleep(POLL_SECONDS)
        self._is_taken = True
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def release(self) -> None:
        """Let somebody else make it. May be called twice."""
        if self._is_taken:
            self._is_taken = False
            self._locks.release(self._digest)


def _position(digest: str) -> int:
    return int(digest[:POSITION_DIGITS], 16)
