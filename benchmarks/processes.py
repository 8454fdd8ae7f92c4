"""Processes under measurement: started, watched through psutil, and always stopped."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

STOP_SECONDS = 30
QUIET_SECONDS = 30
QUIET_SHARE = 0.05  # of a core
ROOT = Path(__file__).parents[1]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")


class StartError(Exception):
    """A process ended, or did not get ready in time."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that may be started: how, and how it tells that it is ready."""

    command: list[str]
    port: int
    ready_path: str
    environment: dict[str, str] = field(default_factory=dict)
    start_seconds: float = 30
    root: Path = ROOT  # the checkout that it is a part of


def environment(**values: str) -> dict[str, str]:
    """Only ``values``, and what any program needs: the shell configures no contender."""
    return {name: os.environ[name] for name in INHERITED if name in os.environ} | values


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def mock_upstream(**settings: str) -> Server:
    port = free_port()
    return Server(
        command=[sys.executable, "-m", "benchmarks.mock_upstream", str(port)],
        port=port,
        ready_path="/v1/models",
        environment=settings,
    )


@contextmanager
def running(server: Server, log: Path) -> Iterator[psutil.Process]:
    """``server`` from the moment it is ready until the block is left. What it says goes to ``log``.

    Raises :class:`StartError`.
    """
    with log.open("wb") as output:
        child = subprocess.Popen(
            server.command,
            cwd=server.root,
            env=environment(**server.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    process = psutil.Process(child.pid)
    try:
        wait_for(server, child, log)
        yield process
    finally:
        family = process.children(recursive=True) if child.poll() is None else []
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for member in family:
            if member.is_running():
                member.kill()


def wait_for(server: Server, child: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + server.start_seconds
    while not is_ready(server):
        if child.poll() is not None:
            raise StartError(f"it ended with {child.returncode}: {last_line(log)}")
        if time.monotonic() > deadline:
            raise StartError(f"not ready after {server.start_seconds:.0f} s: {last_line(log)}")
        time.sleep(0.02)


def is_ready(server: Server) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    try:
        connection.request("GET", server.ready_path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it said nothing"


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of the process and its children so far."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def rss_mb(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family) / 2**20


def await_quiet(process: psutil.Process) -> None:
    """Wait, but not for ever, until ``process`` has done what it does behind its start."""
    deadline = time.monotonic() + QUIET_SECONDS
    is_quiet = False
    while not is_quiet and time.monotonic() < deadline:
        before = cpu_seconds(process)
        time.sleep(1)
        is_quiet = cpu_seconds(process) - before < QUIET_SHARE


@dataclass
class Peak:
    rss_mb: float = 0


@contextmanager
def watched(process: psutil.Process) -> Iterator[Peak]:
    """The largest size of the process until the block is left, looked at four times a second."""
    peak = Peak()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.25):
            peak.rss_mb = max(peak.rss_mb, rss_mb(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()
