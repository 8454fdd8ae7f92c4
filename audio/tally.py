"""How often speech was found and how often not, counted across workers and restarts."""

from __future__ import annotations

import fcntl
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson


@dataclass(slots=True, kw_only=True)
class Counts:
    hits: int = 0
    misses: int = 0


class Tally:
    """Counts in memory; :meth:`save` adds to the file of all workers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsaved = Counts()
        self._lock = threading.Lock()

    def hit(self) -> None:
        self._unsaved.hits += 1

    def miss(self) -> None:
        self._unsaved.misses += 1

    def save(self) -> None:
        """Add to the file. Blocks. Counts that the disk does not take are kept for later."""
        with self._lock:
            counts, self._unsaved = self._unsaved, Counts()
            try:
                self._add(counts)
            except OSError:
                self._unsaved.hits += counts.hits
                self._unsaved.misses += counts.misses

    def total(self) -> Counts:
        """The counts in the file."""
        try:
            return Counts(**orjson.loads(self._path.read_bytes()))
        except (OSError, orjson.JSONDecodeError, TypeError):
            return Counts()

    def reset(self) -> None:
        self._path.unlink(missing_ok=True)

    def _add(self, counts: Counts) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            total = self.total()
            total.hits += counts.hits
            total.misses += counts.misses
            draft = self._path.with_suffix(".new")
            draft.write_bytes(orjson.dumps(asdict(total)))
            draft.replace(self._path)
