"""How workers of one machine know each other's figures: each leaves its own in a file.

A scrape comes to one of them, and is about all. A file stays after its worker has gone, since
counters must not fall; when the last has gone, the next to start begins at zero.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from usage.metrics import Histograms, Metrics

PUBLISH_SECONDS = 2.0
LOCK_SUFFIX, FILE_SUFFIX = ".lock", ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The metrics of one worker. Of a dead worker only the counters have a meaning."""

    histograms: Histograms = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    is_alive: bool = True


class WorkerMetrics:
    """``gauges`` tells the figures of this worker that are as they are at the moment."""

    def __init__(
        self, directory: Path, metrics: Metrics, gauges: Callable[[], dict[str, float]]
    ) -> None:
        self._directory = directory
        self._metrics = metrics
        self._gauges = gauges
        self._name = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._lock: int | None = None

    def open(self) -> None:
        """Join the workers of this machine. Raises ``OSError``."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone_in(self._directory):  # or two that start at once remove each other's files
            if not any(_is_held(path) for path in self._directory.glob(f"*{LOCK_SUFFIX}")):
                for path in self._directory.iterdir():
                    path.unlink(missing_ok=True)
            path = self._directory / f"{self._name}{LOCK_SUFFIX}"
            self._lock = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        if self._lock is not None:
            with suppress(OSError):
                self.publish()
            os.close(self._lock)
            self._lock = None

    async def run(self) -> None:
        """Publish from time to time. Runs until cancelled."""
        while True:
            await asyncio.sleep(PUBLISH_SECONDS)
            with suppress(OSError):  # a full disk, which the ledger logs
                self.publish()

    def publish(self) -> None:
        """Leave this worker's figures where the others look. Raises ``OSError``."""
        said = {"histograms": self._metrics.histograms(), "gauges": self._gauges()}
        path = self._directory / f"{self._name}{FILE_SUFFIX}"
        draft = path.with_suffix(".new")
        draft.write_bytes(orjson.dumps(said))
        draft.replace(path)

    def everybody(self) -> Iterator[Figures]:
        """This worker's figures as they are now, and what the others said last."""
        yield Figures(histograms=self._metrics.histograms(), gauges=self._gauges())
        for path in self._directory.glob(f"*{FILE_SUFFIX}"):
            if path.stem == self._name:
                continue
            with suppress(OSError, ValueError):
                said: dict[str, Any] = orjson.loads(path.read_bytes())
                yield Figures(**said, is_alive=_is_held(path.with_suffix(LOCK_SUFFIX)))


@contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
