"""Two hosts with two workers each, behind nginx, over one PostgreSQL and one Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS, connection
from tests.support.api import client_of, listed
from tests.support.environment import ROOT
from tests.support.front_proxies import nginx, reload_nginx
from tests.support.live import TWO_WORKERS, LiveGateway
from tests.support.network import Host, Network
from tests.support.parts import Part
from tests.support.plain_http import PLAIN_HTTP
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.scripted_upstream import BilledUpstream
from tests.support.stores import BACKINGS

PORT = 8080
# The example of docs/deployment.md.
DOCUMENT = (ROOT / "docs" / "deployment.md").read_text()
DRAIN_SECONDS = "2"
LOOKS = 16  # connections at once


class HostedGateway(LiveGateway):
    """A gateway on a host of its own. Its code may be that of another version."""

    def __init__(
        self, host: Host, directory: Path, environment: dict[str, str], code: Path = ROOT
    ) -> None:
        super().__init__(BACKINGS[1], directory, environment, address=host.address)
        self._host = host
        self._code = code

    def start(self, *options: str, **how: Any) -> None:
        """In the network of its host, where no process of the tests can fork one."""
        super().start(*options, **how | {"is_forked": False})

    @property
    def code(self) -> Path:
        return self._code

    def command_line(self, command: list[str]) -> list[str]:
        return self._host.command(*super().command_line(command))

    def manage(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """By the version that this gateway has, which is the one of the database, too."""
        if self._code == ROOT:
            return super().manage(*arguments, check=check)
        command = [sys.executable, "manage.py", *arguments]
        environment = self.process_environment()
        return subprocess.run(
            command, cwd=self._code, env=environment, check=check, capture_output=True, text=True
        )

    def lose(self) -> None:
        """End as a host does whose power is cut: every process of it, at once."""
        for process_id in self._host.processes():
            os.kill(process_id, signal.SIGKILL)
        self.kill()

    def restart(self, code: Path) -> None:
        """End as a host does that is drained, and serve the version at ``code``."""
        self.stop()
        self._code = code
        self.start(*TWO_WORKERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    gateways: tuple[HostedGateway, HostedGateway]
    upstream: BilledUpstream
    upstream_url: str  # as the hosts reach it
    url: str  # of nginx
    leave_out: Callable[[HostedGateway | None], None]  # have nginx send nothing more to a host

    def client(self, key: str) -> httpx.Client:
        """A client of the whole, through nginx."""
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, **PLAIN_HTTP)

    def offer(self, *models: str, user: str, **sections: Any) -> str:
        """Connect both hosts to the upstream, a connection for each model; a key of ``user``, once
        all workers serve the models."""
        connections = [connection(f"of-{model}", self.upstream_url, model) for model in models]
        key = self.gateways[0].configured_for(
            user, connections=connections, grants=EVERYBODY, settings=SETTINGS, **sections
        )
        for gateway in self.gateways:
            self.until_all(gateway, key, lambda client: set(models) <= listed(client))
        return key

    def until_all(
        self, gateway: LiveGateway, key: str, is_true: Callable[[httpx.Client], bool]
    ) -> None:
        """Until ``is_true`` on each of many connections, so that every worker has one."""

        def look(_: int) -> bool:
            with client_of(gateway, key) as client:
                return is_true(client)

        with ThreadPoolExecutor(LOOKS) as threads:
            wait_until(lambda: all(threads.map(look, range(LOOKS))), what="what was waited for")


def front_blocks(
    front: Host, gateways: tuple[HostedGateway, ...], left_out: HostedGateway | None = None
) -> list[str]:
    """The blocks of docs/deployment.md, with addresses of this network."""
    (text,) = DOCUMENT.split("```nginx\n")[1:]
    block = text.partition("```")[0].replace("listen 8080", f"listen {front.address}:{PORT}")
    for name, gateway in zip(("10.0.0.11:8000", "10.0.0.12:8000"), gateways, strict=True):
        assert name in block
        down = " down" if gateway is left_out else ""
        block = block.replace(name, f"{gateway.address}:{gateway.port}{down}")
    return [block]


@contextmanager
def running_cluster(
    network: Network,
    directory: Path,
    environment: dict[str, str],
    upstream: BilledUpstream,
    program: Part,
    code: Path = ROOT,
) -> Iterator[Cluster]:
    """``environment`` points at services on loopback, which the hosts reach through relays."""
    front, *hosts = (network.host() for _ in range(3))
    with ExitStack() as stack:
        relayed = dict(environment)
        for name in ("DATABASE_URL", "REDIS_URL"):
            relayed[name] = url = at(environment[name], front.address)
            stack.enter_context(network.relayed(front, urlsplit(url).port or 0))
        upstream_url = at(upstream.url, front.address)
        stack.enter_context(network.relayed(front, urlsplit(upstream_url).port or 0))
        addresses = ",".join((front.address, *(host.address for host in hosts)))
        told = relayed | {
            "LOG_FORMAT": "json",
            "ALLOWED_HOSTS": addresses,
            "GATEWAY_TRUSTED_PROXIES": front.address,
            "GATEWAY_REQUIRE_STAFF_MFA": "false",
            "GATEWAY_SHUTDOWN_DELAY_SECONDS": DRAIN_SECONDS,
            # How soon Redis answers is a matter of how busy the machine is.
            "GATEWAY_LIMITS_REDIS_SECONDS": str(PATIENCE_SECONDS),
            "GATEWAY_SPEECH_CACHE_DIR": str(directory / "speech"),
        }
        one, two = (hosted(host, directory / host.namespace, told, code) for host in hosts)
        for gateway in (one, two):
            stack.callback(gateway.lose)  # a worker would outlive its parent
            gateway.start(*TWO_WORKERS)
        blocks = front_blocks(front, (one, two))
        url = f"http://{front.address}:{PORT}"
        stack.enter_context(
            nginx(program.address, directory, blocks, f"{url}/livez", prefix=front.command())
        )

        def leave_out(gateway: HostedGateway | None) -> None:
            blocks = front_blocks(front, (one, two), gateway)
            reload_nginx(program.address, directory, blocks, prefix=front.command())

        yield Cluster(
            gateways=(one, two),
            upstream=upstream,
            upstream_url=upstream_url,
            url=url,
            leave_out=leave_out,
        )
        for gateway in (one, two):
            gateway.stop()


def hosted(host: Host, directory: Path, environment: dict[str, str], code: Path) -> HostedGateway:
    directory.mkdir()
    own = environment | {"DATA_DIR": str(directory / "data")}
    return HostedGateway(host, directory, own, code)


def at(url: str, address: str) -> str:
    """``url`` with ``address`` in place of its host."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(parts.hostname, address)))
