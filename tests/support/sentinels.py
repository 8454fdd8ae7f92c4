"""A master of Redis, its replica, and three Sentinels that watch them, with passwords and TLS."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import redis
import trustme

from infrastructure.redis_servers import client
from tests.support.parts import Part
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until

NAME, PASSWORD, SENTINEL_PASSWORD = "Main", "master-password", "sentinel-password"
SENTINEL = """
sentinel monitor {name} 127.0.0.1 {port} 2
sentinel auth-pass {name} {password}
sentinel down-after-milliseconds {name} 1000
sentinel failover-timeout {name} 5000
requirepass {sentinel_password}
sentinel sentinel-pass {sentinel_password}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """``url`` is what a gateway is given; ``master`` is the process that dies in a test."""

    url: str
    master: subprocess.Popen[bytes]
    ports: tuple[int, int]

    def master_port(self) -> int:
        """Where the Sentinels say that the master is."""
        with client(self.url, socket_timeout=5) as server:
            return int(server.info("server")["tcp_port"])


@contextmanager
def sentinels(program: Part, directory: Path) -> Iterator[Watched]:
    """Skips nothing: ``program`` is a ``redis-server`` that speaks TLS."""
    tls = _tls(directory)
    ports = (free_port(), free_port())
    own = ("--requirepass", PASSWORD, "--masterauth", PASSWORD, "--save", "")
    with ExitStack() as stack:

        def start(port: int, *options: str) -> subprocess.Popen[bytes]:
            home = directory / str(port)
            home.mkdir(exist_ok=True)
            command = (program.address, *options, "--dir", str(home), "--bind", "127.0.0.1")
            return stack.enter_context(_running((*command, *_ports(port), *tls)))

        master = start(ports[0], *own)
        start(ports[1], *own, "--replicaof", "127.0.0.1", str(ports[0]))
        asked = [free_port() for _ in range(3)]
        for port in asked:
            file = directory / f"sentinel-{port}.conf"
            values = {"name": NAME, "port": ports[0], "password": PASSWORD}
            file.write_text(SENTINEL.format(**values, sentinel_password=SENTINEL_PASSWORD))
            start(port, str(file), "--sentinel")
        addresses = ",".join(f"127.0.0.1:{port}" for port in asked)
        options = f"ssl_ca_certs={directory}/ca.pem&sentinel_password={SENTINEL_PASSWORD}"
        url = f"rediss+sentinel://:{PASSWORD}@{addresses}/{NAME}/0?{options}"
        watched = Watched(url=url, master=master, ports=ports)
        wait_until(lambda: _is_whole(url), what="a master with a replica")
        authority = str(directory / "ca.pem")
        for port in asked:
            knows_all = partial(_knows_all, port, authority)
            wait_until(knows_all, what="a Sentinel that knows the replica and the others")
        yield watched


def _is_whole(url: str) -> bool:
    try:
        with client(url, socket_timeout=5) as server:
            return bool(server.info("replication")["connected_slaves"])
    except redis.RedisError:
        return False


def _knows_all(port: int, authority: str) -> bool:
    """Whether the Sentinel can elect: one that has not heard of the replica never does, once the
    master is dead."""
    url = f"rediss://:{SENTINEL_PASSWORD}@127.0.0.1:{port}"
    try:
        with redis.Redis.from_url(url, socket_timeout=5, ssl_ca_certs=authority) as sentinel:
            told = sentinel.sentinel_master(NAME)
    except redis.RedisError:
        return False
    return (told["num-slaves"], told["num-other-sentinels"]) == (1, 2)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def _ports(port: int) -> tuple[str, ...]:
    return ("--port", "0", "--tls-port", str(port), "--tls-replication", "yes")


def _tls(directory: Path) -> tuple[str, ...]:
    """Options of a server that shows a certificate and asks clients for none."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(directory / "key.pem")
    for blob in issued.cert_chain_pems:
        blob.write_to_path(directory / "cert.pem", append=True)
    names = {"cert": "cert.pem", "key": "key.pem", "ca-cert": "ca.pem"}
    files = [
        text
        for name, file in names.items()
        for text in (f"--tls-{name}-file", f"{directory}/{file}")
    ]
    return (*files, "--tls-auth-clients", "no")
