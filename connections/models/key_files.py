"""The keys of connections that are kept in files, and whether these have changed.

A file is read when connections are loaded. Once a second each worker looks whether one is another
than the one it read, and loads the connections again if so; requests look at no file.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field, replace
from threading import Lock

from connections.rules.key_paths import read_key_file
from connections.rules.mending import bare_key
from connections.rules.secret_files import SecretFileError

logger = logging.getLogger(__name__)

Signature = tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class _Known:
    """The key that was read. A file of the same ``signature`` need not be read again."""

    signature: Signature
    secret: str = field(repr=False)
    problem: str = ""


class KeyFiles:
    """The files that this process has read."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def read(self, path: str) -> str:
        """The key in the file at ``path``.

        Where it cannot be read, it is the last key that this process read there, or empty. The log
        tells of it once.
        """
        signature = _signature(path)
        secret, problem = "", ""
        try:
            secret = bare_key(read_key_file(path))
        except SecretFileError as exc:
            problem = str(exc)
        with self._lock:
            before = self._known.get(path)
            if problem and before is not None:
                secret = before.secret
            self._known[path] = _Known(signature, secret, problem)
        if problem and (before is None or before.problem != problem):
            stays = " Its last key stays in use." if secret else ""
            logger.warning("The key file %s %s.%s", path, problem, stays)
        return secret

    @property
    def is_empty(self) -> bool:
        return not self._known

    def changed(self) -> bool:
        """Whether a file is another than at the last look, or has come or gone. Blocks."""
        with self._lock:
            before = dict(self._known)
        found = {path: _signature(path) for path in before}
        changed = [path for path, known in before.items() if found[path] != known.signature]
        with self._lock:
            for path in changed:
                self._known[path] = replace(self._known[path], signature=found[path])
        return bool(changed)


def _signature(path: str) -> Signature:
    """What tells the file that ``path`` leads to from another, and from itself after a change."""
    try:
        status = os.stat(path)  # noqa: PTH116 - it raises ValueError for NUL in a path
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


key_files = KeyFiles()
