"""Commands of manage.py, each in a process that a loaded one has forked.

Python and Django take seconds to start on a slow machine, and tests run hundreds of commands. A
host loads everything once for an environment and forks for each command: the command has a fresh
process with its own arguments, streams and exit code, as if it had been started by hand.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import IO

from tests.support.environment import ROOT

MOST_HOSTS = 3  # each holds what a loaded Django takes


class CommandHost:
    """Runs commands in ``environment``, one at a time."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._lock = Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.commands"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``manage.py`` with ``arguments``, without input. A command that fails is no error."""
        with (
            tempfile.TemporaryDirectory() as directory,
            self._lock,
        ):
            written = [Path(directory) / name for name in ("out", "err")]
            code = self._ask({"arguments": arguments, "streams": [str(path) for path in written]})
            stdout, stderr = (path.read_text() for path in written)
        return subprocess.CompletedProcess(arguments, code, stdout, stderr)

    def _ask(self, command: dict[str, object]) -> int:
        requests, answers = self._process.stdin, self._process.stdout
        assert requests is not None
        assert answers is not None
        requests.write(json.dumps(command) + "\n")
        requests.flush()
        answer = answers.readline()
        assert answer, "the host of commands has ended; its last words are on stderr"
        return int(answer)

    def close(self) -> None:
        self._process.communicate()


_hosts: OrderedDict[frozenset[tuple[str, str]], CommandHost] = OrderedDict()


def command_host(environment: dict[str, str]) -> CommandHost:
    """The host for ``environment``, started at the first call."""
    key = frozenset(environment.items())
    if key not in _hosts:
        _hosts[key] = CommandHost(environment)
    _hosts.move_to_end(key)
    while len(_hosts) > MOST_HOSTS:
        _hosts.popitem(last=False)[1].close()
    return _hosts[key]


@atexit.register
def close_hosts() -> None:
    while _hosts:
        _hosts.popitem()[1].close()


def serve(requests: IO[str], answers: IO[str]) -> None:
    """Fork for each line of ``requests``, and write the exit code."""
    import django
    from django.urls import get_resolver

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway_project.settings")
    django.setup()
    len(get_resolver().url_patterns)  # the checks before a command import them
    for line in requests:
        command = json.loads(line)
        child = os.fork()
        if child == 0:
            run_and_exit(command["arguments"], *command["streams"])
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


def run_and_exit(arguments: list[str], stdout: str, stderr: str) -> None:
    """Be ``manage.py`` with ``arguments``, and end."""
    for number, path, mode in (
        (0, os.devnull, os.O_RDONLY),
        (1, stdout, os.O_WRONLY | os.O_CREAT),
        (2, stderr, os.O_WRONLY | os.O_CREAT),
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
    serve(sys.stdin, sys.stdout)
