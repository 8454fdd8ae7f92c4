"""Hosts on one machine: network namespaces on a bridge, which reach each other and nothing else.

::

    the machine ── bridge 10.x.y.1 ──┬── front  10.x.y.2   nginx, and relays to PostgreSQL and Redis
                                     ├── one    10.x.y.3   a gateway
                                     └── two    10.x.y.4   a gateway

It takes root, iproute2 and namespaces of networks.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.parts import Part
from tests.support.slow_proxy import SlowProxy

NETWORK_NAMESPACE = 0x40000000  # CLONE_NEWNET of setns(2)
BRIDGE_HOST, FIRST_HOST = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A namespace, and its address on the bridge."""

    namespace: str
    address: str

    def command(self, *command: str) -> list[str]:
        """``command``, to be run on this host."""
        return ["ip", "netns", "exec", self.namespace, *command]

    def processes(self) -> list[int]:
        """The ids of what runs on this host."""
        command = ["ip", "netns", "pids", self.namespace]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        return [int(process_id) for process_id in found.stdout.split()]

    def listening(self, port: int) -> socket.socket:
        """A socket of this host, for a server that runs on the machine itself."""

        def listen() -> socket.socket:  # on a thread of its own, which stays in the namespace
            with Path("/var/run/netns", self.namespace).open("rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), NETWORK_NAMESPACE):
                    raise OSError(ctypes.get_errno(), "no way into the namespace")
            return socket.create_server((self.address, port))

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(listen).result()


class Network:
    """Hosts that are made as they are asked for. All of it is gone after the ``with`` block."""

    def __init__(self) -> None:
        self._name = f"gh{os.getpid():x}{random.randrange(256):02x}"[:11]
        self._subnet = f"10.{random.randrange(64, 250)}.{random.randrange(1, 250)}"
        self._hosts = 0
        self._stack = ExitStack()

    def __enter__(self) -> Network:
        _ip("link", "add", self._name, "type", "bridge")
        self._stack.callback(_ip, "link", "del", self._name)
        _ip("address", "add", f"{self._subnet}.{BRIDGE_HOST}/24", "dev", self._name)
        _ip("link", "set", self._name, "up")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def host(self) -> Host:
        """One more host on the bridge."""
        number = FIRST_HOST + self._hosts
        self._hosts += 1
        host = Host(namespace=f"{self._name}-{number}", address=f"{self._subnet}.{number}")
        outside, inside = f"{self._name}o{number}", f"{self._name}i{number}"
        _ip("netns", "add", host.namespace)
        self._stack.callback(_ip, "netns", "del", host.namespace)
        peer = ("peer", "name", inside, "netns", host.namespace)
        _ip("link", "add", outside, "type", "veth", *peer)
        _ip("link", "set", outside, "master", self._name, "up")
        within = ("-n", host.namespace)
        _ip(*within, "address", "add", f"{host.address}/24", "dev", inside)
        for device in (inside, "lo"):
            _ip(*within, "link", "set", device, "up")
        return host

    @contextmanager
    def relayed(self, host: Host, port: int) -> Iterator[SlowProxy]:
        """Let what the machine serves on loopback at ``port`` be reached on ``host``, too."""
        with host.listening(port) as listening, SlowProxy(port, listening) as relay:
            yield relay


def network_namespaces() -> Part | None:
    """Whether this process may make networks, as root may outside of most sandboxes."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return None
    name = f"gh-try-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False)
    if made.returncode != 0:
        return None
    tried = ["ip", "-n", name, "link", "add", "try0", "type", "veth", "peer", "name", "try1"]
    is_possible = subprocess.run(tried, capture_output=True, check=False).returncode == 0
    _ip("netns", "del", name)
    return Part(name="network namespaces", version="") if is_possible else None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
