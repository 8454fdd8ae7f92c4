"""Workers that are killed and databases that go away, under load: no answer is without its row.

``USAGE_KILLS=20`` and ``USAGE_OUTAGE_SECONDS=60`` ask for more than there is time for otherwise.
"""

import os
import socket
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil
import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream
from tests.usage.rows import rows_of

pytestmark = pytest.mark.acceptance

KILLS = int(os.environ.get("USAGE_KILLS", "4"))
OUTAGE_SECONDS = float(os.environ.get("USAGE_OUTAGE_SECONDS", "2"))
CLIENTS = 4


class Load:
    """Clients that ask one thing after another, and remember what was answered to them in full."""

    def __init__(self, gateway, key):
        self.gateway, self.key = gateway, key
        self.answered = []
        self.failed = []
        self._is_over = threading.Event()

    @contextmanager
    def running(self):
        threads = [threading.Thread(target=self._ask, args=(n % 2 == 1,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            for thread in threads:
                thread.join()

    def go_on(self):
        """Wait for a few more answers."""
        enough = len(self.answered) + 20
        wait_until(lambda: len(self.answered) >= enough, what="answers")

    def _ask(self, is_streamed):
        with client_of(self.gateway, self.key) as client:
            while not self._is_over.is_set():
                try:
                    answer = client.post(CHAT, json=chat_body("gpt-4o", stream=is_streamed))
                except httpx.TransportError as exc:
                    self.failed.append(exc)
                    self._is_over.wait(0.05)
                else:
                    known = self.answered if answer.is_success else self.failed
                    known.append(answer.headers.get("x-request-id"))


class Relay:
    """A way to PostgreSQL that can be cut, and closed for whoever comes."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets = set()
        self._is_cut = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self):
        self._is_cut = True
        for one in list(self._sockets):
            self._close(one)

    def mend(self):
        self._is_cut = False

    def close(self):
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = socket.create_connection(self._target)
            self._sockets |= {client, server}
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        self._close(source)
        self._close(sink)

    def _close(self, one):
        self._sockets.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@pytest.fixture
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture
def prepared(start_gateway, upstream):
    """``prepared(backing)``: a gateway that serves, and the key of a user it knows."""

    def prepare(backing, **environment):
        gateway = start_gateway(backing, **environment)
        key = gateway.configured_for(
            "alice",
            connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_for_models(client, "gpt-4o")
        return gateway, key

    return prepare


def request_ids(gateway):
    return {row["request_id"] for row in rows_of(gateway)}


def wait_for_rows(gateway, load):
    wait_until(lambda: set(load.answered) <= request_ids(gateway), what="every row")


def kill_the_busiest_worker(gateway):
    """SIGKILL for the one with the most connections; another takes its place. Its process id."""
    found = []

    def connections_of(worker):
        with suppress(psutil.Error):  # it was killed before, and nobody has waited for it yet
            is_worker = "spawn_main" in " ".join(worker.cmdline())
            return len(worker.net_connections("tcp")) if is_worker else 0
        return 0

    def is_there():
        children = psutil.Process(gateway.process.pid).children()
        found[:] = [max(children, key=connections_of, default=None)]
        return found[0] is not None and connections_of(found[0])

    wait_until(is_there, what="a worker that has connections")
    found[0].kill()
    return found[0].pid


@pytest.mark.long
@pytest.mark.timeout(60 + 30 * KILLS)
@pytest.mark.parametrize("backing", BACKINGS)
def test_a_killed_worker_loses_no_answer(prepared, backing):
    gateway, key = prepared(backing)
    load = Load(gateway, key)
    killed = set()
    with load.running():
        load.go_on()
        gateway.kill()  # the next to start finds its journal
        gateway.start("--workers", "2")
        while len(killed) < KILLS - 1:
            load.go_on()
            killed.add(kill_the_busiest_worker(gateway))  # the other finds it
    wait_for_rows(gateway, load)
    assert len(load.answered) == len(set(load.answered)) >= 20 * KILLS
    assert max(Counter(row["request_id"] for row in rows_of(gateway)).values()) == 1


@pytest.mark.timeout(120 + OUTAGE_SECONDS)
def test_a_database_that_is_away_fails_no_request_and_loses_none(prepared, postgres):
    with ExitStack() as stack:
        environment = {}

        def by_way_of(url):
            parts = urlsplit(url)
            relay = Relay(parts.hostname, parts.port or 5432)
            stack.callback(relay.close)
            user = parts.netloc.rpartition("@")[0]
            netloc = f"{user}@127.0.0.1:{relay.port}" if user else f"127.0.0.1:{relay.port}"
            environment["DATABASE_URL"] = urlunsplit(parts._replace(netloc=netloc))
            return relay

        gateway, key = prepared("postgres+redis")
        relay = by_way_of(gateway.environment["DATABASE_URL"])
        gateway.stop()
        gateway.environment |= environment
        gateway.start()
        load = Load(gateway, key)
        with load.running():
            wait_until(lambda: len(load.answered) >= 20, what="answers")
            relay.cut()
            before = len(load.answered)
            time.sleep(OUTAGE_SECONDS)  # how long it is away is what is tested
            while_away = len(load.answered) - before
            relay.mend()
        assert load.failed == []
        assert while_away >= 10
        wait_for_rows(gateway, load)
        ids = [row["request_id"] for row in rows_of(gateway)]
        assert len(ids) == len(set(ids))
