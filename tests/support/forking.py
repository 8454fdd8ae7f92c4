"""Processes that fork instead of starting afresh, as Python and Django take seconds to load.

    tests ──> loader ──fork──> host of an environment ──fork──> manage.py … ──fork──> workers

A loader has imported what reads no settings. A host has been forked from it for one environment and
has set up Django for that. For each command it forks a process with arguments, streams and exit
code of its own, as if the command had been started by hand. Workers of a server fork, too, where
uvicorn would start them afresh. ``hosts.py`` is the other end.

Requests and replies are lines of JSON over socket pairs.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import pkgutil
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, NoReturn

import wire_formats

# What takes longest to import, and neither reads Django's settings nor our own environment.
WITHOUT_SETTINGS = (
    "aiohttp",
    "channels.layers",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "django.contrib.messages",
    "django.core.management",
    "django.forms",
    "django.test.signals",
    "django.views.debug",
    "fido2.server",
    "httpx",
    "jwt",
    "opentelemetry.sdk.trace",
    "orjson",
    "psutil",
    "psycopg.pq",
    "redis.asyncio",
    "requests",
    "rich.traceback",
    "structlog",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.websockets_impl",
    "uvloop",
    "yaml",
)


def load(channel: socket.socket) -> None:
    """Fork a host for each descriptor that comes, which is of a channel to that host."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for hosts
    gc.disable()  # a third of what imports cost, for objects that all stay
    for name in WITHOUT_SETTINGS:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(wire_formats.__path__, "wire_formats."):
        importlib.import_module(module.name)
    import uvicorn._subprocess

    uvicorn._subprocess.spawn = multiprocessing.get_context("fork")
    gc.freeze()  # what is loaded stays; no fork needs to look at it
    while True:
        byte, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
        if not byte:
            return
        if os.fork() == 0:
            channel.close()
            be_host(socket.socket(fileno=descriptors[0]))
        os.close(descriptors[0])


def be_host(channel: socket.socket) -> NoReturn:
    """Serve requests until nobody can make any, and end. The first line tells the environment."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        with channel.makefile("rw") as lines:
            set_up(**json.loads(lines.readline()))
            gc.freeze()
            gc.enable()
            Host(channel, lines).run()
    except BaseException:  # noqa: BLE001 - the loader's own loop must not go on in this process
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def set_up(*, environment: dict[str, str], umask: int) -> None:
    """Have this process's Django be that of ``environment``."""
    os.environ.clear()
    os.environ.update(environment)
    os.umask(umask)
    import django
    from django.urls import get_resolver

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    django.setup()
    len(get_resolver().url_patterns)  # the checks before a command import them


class Host:
    """Serves ``start`` and ``poll``. Whatever still runs at the end is killed."""

    def __init__(self, channel: socket.socket, lines: IO[str]) -> None:
        self._channel = channel
        self._lines = lines
        self._running: set[int] = set()

    def run(self) -> None:
        served: dict[str, Callable[..., Any]] = {"start": self._start, "poll": self._poll}
        for line in self._lines:
            name, arguments = json.loads(line)
            self._lines.write(json.dumps(served[name](**arguments)) + "\n")
            self._lines.flush()
        for process_id in self._running:
            with suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)

    def _start(self, *, arguments: list[str], stdout: str, stderr: str) -> int:
        """Fork, and reply with the id of the process.

        What a server imports stays for the next ones, as many have the same environment.
        """
        if arguments[0] == "serve":
            gc.disable()
            importlib.import_module("gateway_project.entry")
            gc.freeze()
            gc.enable()
        process_id = os.fork()
        if process_id == 0:
            os.close(self._channel.fileno())
            run_and_exit(arguments, stdout, stderr)
        self._running.add(process_id)
        return process_id

    def _poll(self, *, process_id: int, is_waiting: bool) -> int | None:
        """The exit code of a process, None while it runs. It can be asked for once."""
        ended, status = os.waitpid(process_id, 0 if is_waiting else os.WNOHANG)
        if not ended:
            return None
        self._running.discard(process_id)
        return os.waitstatus_to_exitcode(status)


def run_and_exit(arguments: list[str], stdout: str, stderr: str) -> NoReturn:
    """Be ``manage.py`` with ``arguments``, and end."""
    for number, path, mode in (
        (0, os.devnull, os.O_RDONLY),
        (1, stdout, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        (2, stderr, os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    ):
        descriptor = os.open(path, mode, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115
    code = exit_code_of(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a regular exit takes a fifth of a second to forget all modules


def exit_code_of(arguments: list[str]) -> int:
    """The exit code of ``manage.py``, after its words on what failed are written."""
    import manage

    sys.argv = ["manage.py", *arguments]
    try:
        manage.main()
    except SystemExit as exc:
        if isinstance(exc.code, str):
            sys.stderr.write(f"{exc.code}\n")
            return 1
        return exc.code or 0
    except BaseException:  # noqa: BLE001 - what the interpreter does at the end of a program
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    load(socket.socket(fileno=int(sys.argv[1])))
