"""Processes under measurement: started, watched through psutil, and always stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    """``command`` from the moment its port answers until the block is left."""
    child = subprocess.Popen(
        [sys.executable, *command], env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, child)
        yield psutil.Process(child.pid)
    finally:
        child.terminate()
        child.wait(timeout=30)


def wait_for(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise SystemExit(f"{child.args!r} ended with {child.returncode}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing answered on port {port}")


def cpu_seconds(process: psutil.Process) -> float:
    """User and system time of the process and its children so far."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(member.cpu_times()[:2]) for member in family)


def rss_bytes(process: psutil.Process) -> int:
    family = [process, *process.children(recursive=True)]
    return sum(member.memory_info().rss for member in family)


@dataclass
class Peak:
    rss_bytes: int = 0


@contextmanager
def watched(process: psutil.Process) -> Iterator[Peak]:
    """The largest size of the process until the block is left, looked at four times a second."""
    peak = Peak()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.25):
            peak.rss_bytes = max(peak.rss_bytes, rss_bytes(process))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        is_over.set()
        watcher.join()
