"""Clients that ask through the front for as long as a test likes, and count what fails."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.acceptance.hosts.site import Cluster
from tests.support.api import CHAT, chat_body
from tests.support.processes import wait_until
from tests.usage.rows import rows_of

CLIENTS = 6
PAUSE_SECONDS = 0.05  # of each client between two requests: the load is bounded


@dataclass(slots=True)
class Outcomes:
    succeeded: int = 0
    failed: Counter[str] = field(default_factory=Counter)


@contextmanager
def under_load(cluster: Cluster, key: str, model: str) -> Iterator[Outcomes]:
    """Chats by turns whole and streamed, each on a connection of its own, during the block."""
    outcomes, is_over, lock = Outcomes(), threading.Event(), threading.Lock()

    def ask_on(number: int) -> None:
        turn = number
        while not is_over.is_set():
            turn += 1
            failure = _ask(cluster, key, model, is_streamed=bool(turn % 2))
            with lock:
                if failure:
                    outcomes.failed[failure] += 1
                else:
                    outcomes.succeeded += 1
            time.sleep(PAUSE_SECONDS)

    threads = [threading.Thread(target=ask_on, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _ask(cluster: Cluster, key: str, model: str, *, is_streamed: bool) -> str:
    """What went wrong, in a word; empty for a response that is whole."""
    try:
        with cluster.client(key) as client:
            response = client.post(CHAT, json=chat_body(model, stream=is_streamed))
    except httpx.TransportError as exc:
        return type(exc).__name__
    if response.status_code != 200:
        return f"{response.status_code} {response.text[:200]}"
    is_whole = response.text.rstrip().endswith("data: [DONE]") if is_streamed else response.json()
    return "" if is_whole else "a stream without its end"


def roll(cluster: Cluster, code: Path) -> None:
    """Have one host after the other serve the version at ``code``."""
    for gateway in cluster.gateways:
        cluster.leave_out(gateway)
        gateway.restart(code)
        cluster.leave_out(None)


def assert_recorded(cluster: Cluster, model: str, count: int) -> None:
    """Each response has its row, whichever host and version gave it."""

    def are_there() -> bool:
        return len([row for row in rows_of(cluster.gateways[0]) if row["model"] == model]) == count

    wait_until(are_there, what=f"{count} records")
