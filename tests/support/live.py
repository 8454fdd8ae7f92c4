"""A whole gateway in a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.environment import ROOT, clean_environment
from tests.support.hosts import ForkedProcess, host_of
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until
from tests.support.stores import Stores

LOG_LINES_SHOWN = 80
LIVE = {
    "DJANGO_SETTINGS_MODULE": "tests.support.live_settings",
    # Comments between the events that tests expect would depend on how slow the machine is.
    "GATEWAY_STREAM_KEEP_ALIVE_SECONDS": "600",
}
TWO_WORKERS = ("--workers", "2")
# Of create_api_key: a superuser's key for everything.
ADMIN_OPTIONS = ("--superuser", "--scope", "inference", "--scope", "admin")

running: list[LiveGateway] = []


class LiveGateway:
    """``manage.py serve`` on a free loopback port, with data, secrets and log of its own.

    ``backing`` is what it runs on, ``environment`` the variables that make it so. ``address`` is
    one of this machine, on which it listens in place of loopback's.
    """

    def __init__(
        self,
        backing: str,
        directory: Path,
        environment: dict[str, str],
        *,
        address: str = "127.0.0.1",
    ) -> None:
        self.backing = backing
        self.directory = directory
        self.environment = LIVE | environment
        self.address = address
        self.port = free_port()
        self.url = f"http://{address}:{self.port}"
        self.log_path = directory / "serve.log"
        self.process: subprocess.Popen[bytes] | ForkedProcess | None = None
        self._has_served = False

    @property
    def log(self) -> str:
        """All that the server has written."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self, *options: str, is_forked: bool = True, readiness: int = httpx.codes.OK) -> None:
        """Serve, and wait until ``/readyz`` has the status ``readiness``.

        A gateway that was stopped may be started again.
        Where what a gateway reads at its start can differ from what its host has read,
        ``manage.py`` is started as an operator starts it.
        """
        command = ["serve", "--host", self.address, "--port", str(self.port), *options]
        if not is_forked or self._has_served:
            self.process = self._started(command)
        else:
            self.process = host_of(self.process_environment()).start(*command, log=self.log_path)
        self._has_served = True
        running.append(self)
        with httpx.Client(base_url=self.url, **PLAIN_HTTP) as client:
            wait_until(lambda: self._is_up_or_dead(client, readiness), what="the gateway")
        assert self.process.poll() is None, f"the gateway ended:\n{self.log}"

    def _started(self, command: list[str]) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                self.command_line(command),
                cwd=self.code,
                env=self.process_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def code(self) -> Path:
        """Where the gateway's code is."""
        return ROOT

    def command_line(self, command: list[str]) -> list[str]:
        return [sys.executable, "manage.py", *command]

    def _is_up_or_dead(self, client: httpx.Client, readiness: int) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            return True
        try:
            return client.get("/readyz").status_code == readiness
        except httpx.TransportError:
            return False

    def process_environment(self) -> dict[str, str]:
        """The environment of whatever works on this gateway's data."""
        return clean_environment(**self.environment)

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py on this gateway's data."""
        done = host_of(self.process_environment()).run(*arguments)
        said = f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        assert done.returncode == 0 or not check, said
        return done

    def manage_all(self, *commands: tuple[str, ...]) -> list[str]:
        """What several commands write, run one after another."""
        return [self.manage(*command).stdout for command in commands]

    def api_key(
        self,
        user: str,
        *,
        is_staff: bool = False,
        is_admin: bool = False,
        groups: Iterable[str] = (),
    ) -> str:
        """A new key of ``user``, who is made if need be.

        ``is_admin``: they are a superuser, and the key is for administration, too.
        """
        options = [option for group in groups for option in ("--group", group)]
        options += ["--staff"] if is_staff else []
        options += ADMIN_OPTIONS if is_admin else []
        made = self.manage("create_api_key", user, "--create-user", *options, "--json")
        return str(json.loads(made.stdout)["key"])

    def configure(self, **configuration: Any) -> None:
        """Import a configuration: ``connections``, ``grants``, ``groups``, ``settings``."""
        self.manage(*self.import_of(**configuration))

    def configured_for(self, user: str, **configuration: Any) -> str:
        """Import a configuration, and return a new key of ``user``."""
        create = ("create_api_key", user, "--create-user", "--json")
        _, made = self.manage_all(self.import_of(**configuration), create)
        return str(json.loads(made)["key"])

    def import_of(self, **configuration: Any) -> tuple[str, str]:
        """The command that imports ``configuration``, for :meth:`manage_all`."""
        file = self.directory / "configuration.yaml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        return "import_config", str(file)

    def stop(self, *, seconds: float = PATIENCE_SECONDS + 30) -> None:
        """SIGTERM, upon which a gateway ends its work, reports nothing, and exits with 0."""
        process = self._no_longer_running()
        if process is None:
            return
        before = len(self.log)
        process.send_signal(signal.SIGTERM)
        try:
            exit_code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        last_words = self.log[before:]
        assert exit_code == 0, f"exit code {exit_code}:\n{last_words}"
        assert "Traceback" not in last_words, last_words

    def kill(self) -> None:
        """SIGKILL: no last words."""
        process = self._no_longer_running()
        if process is not None:
            process.kill()
            process.wait()

    def _no_longer_running(self) -> subprocess.Popen[bytes] | ForkedProcess | None:
        process, self.process = self.process, None
        if process is not None:
            running.remove(self)
        return process

    def log_tail(self) -> str:
        """The last lines of the log, for the report on a test that failed."""
        return os.linesep.join(self.log.splitlines()[-LOG_LINES_SHOWN:])


@contextmanager
def live_gateway(
    stores: Stores, backing: str, directory: Path, *options: str, **environment: str
) -> Iterator[LiveGateway]:
    """A gateway that is serving, with ``environment`` on top of what ``backing`` needs.

    ``options`` are of ``serve``, such as ``*TWO_WORKERS``.
    """
    with stores.open(backing, directory / "data") as opened:
        gateway = LiveGateway(backing, directory, {"LOG_FORMAT": "json"} | opened | environment)
        try:
            gateway.start(*options)
            yield gateway
        except BaseException:
            gateway.kill()
            raise
        gateway.stop()
