"""Commands of manage.py, each in a process that a loaded one has forked (``forking.py``)."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from tests.support.environment import ROOT, clean_environment, is_ours

MOST_IDLE_HOSTS = 6  # each holds what a loaded Django takes, of which it shares much
POLL_SECONDS = 0.02


class Loader:
    """The process that hosts are forked from. It knows the environment of the tests alone."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def fork(self) -> socket.socket:
        """The channel of a new host, which waits to be told its environment."""
        ours, theirs = socket.socketpair()
        with theirs:
            socket.send_fds(self._channel, [b"."], [theirs.fileno()])
        return ours

    def close(self) -> None:
        self._channel.close()
        self._process.wait()


class ForkedProcess:
    """What ``subprocess.Popen`` is to a process that was started by this one."""

    def __init__(self, host: Host, process_id: int) -> None:
        self.pid = process_id
        self._host = host
        self._exit_code: int | None = None

    def poll(self) -> int | None:
        if self._exit_code is None:
            self._exit_code = self._host.poll(self.pid)
        return self._exit_code

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Host:
    """Runs commands in ``environment``, where Django is set up."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._lock = Lock()
        self._loader, self._is_own_loader = _loader_for(environment)
        self._channel = self._loader.fork()
        self._lines = self._channel.makefile("rw")
        self._tell({"environment": environment, "umask": _umask()})
        self._started: set[int] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs that was started here."""
        return not self._started

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``manage.py`` with ``arguments``, without input. A command that fails is no error."""
        with tempfile.TemporaryDirectory() as directory:
            written = [Path(directory) / name for name in ("out", "err")]
            process_id = self._start(arguments, *written)
            code = self.poll(process_id, is_waiting=True)
            stdout, stderr = (path.read_text() for path in written)
        assert code is not None
        return subprocess.CompletedProcess(arguments, code, stdout, stderr)

    def start(self, *arguments: str, log: Path) -> ForkedProcess:
        """``manage.py`` with ``arguments``, which goes on; ``log`` is appended to."""
        return ForkedProcess(self, self._start(arguments, log, log))

    def _start(self, arguments: tuple[str, ...], stdout: Path, stderr: Path) -> int:
        streams = {"stdout": str(stdout), "stderr": str(stderr)}
        process_id = int(self._ask("start", arguments=arguments, **streams))
        self._started.add(process_id)
        return process_id

    def poll(self, process_id: int, *, is_waiting: bool = False) -> int | None:
        code: int | None = self._ask("poll", process_id=process_id, is_waiting=is_waiting)
        if code is not None:
            self._started.discard(process_id)
        return code

    def _ask(self, name: str, **arguments: Any) -> Any:
        with self._lock:
            self._tell([name, arguments])
            reply = self._lines.readline()
        assert reply, "the host of commands has ended; its last words are on stderr"
        return json.loads(reply)

    def _tell(self, message: Any) -> None:
        self._lines.write(json.dumps(message) + "\n")
        self._lines.flush()

    def close(self) -> None:
        self._lines.close()
        self._channel.close()
        if self._is_own_loader:
            self._loader.close()


_hosts: OrderedDict[frozenset[tuple[str, str]], Host] = OrderedDict()


def host_of(environment: dict[str, str]) -> Host:
    """The host for ``environment``, started at the first call."""
    key = frozenset(environment.items())
    if key not in _hosts:
        _hosts[key] = Host(environment)
    _hosts.move_to_end(key)
    idle = [each for each, host in _hosts.items() if host.is_idle and each != key]
    for each in idle[:-MOST_IDLE_HOSTS]:
        _hosts.pop(each).close()
    return _hosts[key]


def _loader_for(environment: dict[str, str]) -> tuple[Loader, bool]:
    """The loader for ``environment``, and whether it is for that alone.

    Libraries may read at import what is not a gateway's own, such as SSL_CERT_FILE.
    """
    foreign = {name: value for name, value in environment.items() if not is_ours(name)}
    shared = _shared_loader()
    if foreign == {name: v for name, v in shared.environment.items() if not is_ours(name)}:
        return shared, False
    return Loader(foreign), True


@cache
def _shared_loader() -> Loader:
    return Loader(clean_environment())


def _umask() -> int:
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


@atexit.register
def close_hosts() -> None:
    while _hosts:
        _hosts.popitem()[1].close()
    if _shared_loader.cache_info().currsize:
        _shared_loader().close()
