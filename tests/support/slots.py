"""Places for the data of gateways, used one after another by the gateways of one process.

A gateway at the place of an earlier one has the same environment, for which a host is set up
already (``forking.py``). That saves a second of CPU at each start.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tests.support import postgres_databases, redis_databases, run


@dataclass
class Slot:
    """``path`` is a DATA_DIR, empty or missing. ``redis_url`` is the last database it had."""

    path: Path
    database_url: str = ""
    redis_url: str = ""

    @contextmanager
    def database(self, server_url: str, template_url: str) -> Iterator[str]:
        self.database_url = self.database_url or postgres_databases.own_url(server_url)
        postgres_databases.create(server_url, self.database_url, template_url=template_url)
        try:
            yield self.database_url
        finally:
            postgres_databases.drop(server_url, self.database_url)

    @contextmanager
    def redis(self, server_url: str) -> Iterator[str]:
        """A database that is empty, the same as before if nobody else has taken it."""
        self.redis_url = url = redis_databases.claim(server_url, first=self.redis_url)
        try:
            yield url
        finally:
            redis_databases.release(url)


@dataclass
class Slots:
    """Those of one kind of store. Hands out the one that was made first, so that few are made."""

    name: str
    _numbers: Iterator[int] = field(default_factory=count)
    _free: dict[int, Slot] = field(default_factory=dict)

    @contextmanager
    def taken(self, directory: Path) -> Iterator[Slot]:
        """A slot whose data is found below ``directory``, too, and stays there in the end."""
        number = min(self._free, default=None)
        number = next(self._numbers) if number is None else number
        slot = self._free.pop(number, None) or Slot(run.own_directory() / f"{self.name}-{number}")
        if directory.exists():
            directory.rmdir()
        directory.symlink_to(slot.path)
        try:
            yield slot
        finally:
            directory.unlink()
            if slot.path.exists():
                shutil.move(slot.path, directory)
            self._free[number] = slot
