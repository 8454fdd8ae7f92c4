"""A gateway whose Redis is a master behind Sentinels, which dies under load; and a Cluster.

All speak TLS. The usage journal is in that Redis, too.
"""

import threading

import pytest
from django.utils.functional import cached_property

from infrastructure.redis_servers import client as redis_client
from tests.support import parts
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.environment import clean_environment
from tests.support.hosts import host_of
from tests.support.live import TWO_WORKERS, live_gateway
from tests.support.processes import free_port, wait_until
from tests.support.redis_server import RedisServer
from tests.support.sentinels import sentinels
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream
from tests.usage.rows import rows_of
from usage.journal_link import KEY

pytestmark = pytest.mark.acceptance

# Sentinels that had no CPU for two seconds do nothing for 30 more (TILT), and an election that
# fails is repeated after a minute.
ELECTION_SECONDS = 180
LOST, BACK = "Redis cannot be reached", "Redis can be reached again"


@pytest.fixture(scope="module")
def program():
    return parts.require("redis-server", parts.program("redis-server"))


@pytest.fixture(scope="module")
def watched(program, tmp_path_factory):
    with sentinels(program, tmp_path_factory.mktemp("sentinels")) as watched:
        yield watched


@pytest.fixture(scope="module")
def gateway(stores, watched, tmp_path_factory):
    directory = tmp_path_factory.mktemp("failover")
    more = {"REDIS_URL": watched.url, "GATEWAY_USAGE_JOURNAL": "redis"}
    with live_gateway(stores, BACKINGS[0], directory, *TWO_WORKERS, **more) as gateway:
        yield gateway


class Load:
    """A client that asks on and on, on a thread of its own."""

    def __init__(self, gateway, key):
        self.statuses = []
        self._gateway, self._key = gateway, key
        self._is_over = threading.Event()

    @cached_property
    def _thread(self):
        return threading.Thread(target=self._ask)

    def _ask(self):
        with client_of(self._gateway, self._key) as client:
            while not self._is_over.is_set():
                self.statuses.append(client.post(CHAT, json=chat_body("gpt-4o")).status_code)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()


def listeners(url):
    """How many workers hear of changes, and how many are in the group of the channel layer."""
    with redis_client(url, socket_timeout=5) as server:
        [(_, subscribed)] = server.pubsub_numsub("gatehouse:changes")
        return subscribed, server.zcard("asgi:group:gatehouse.workers")


def has_journal(url):
    """Whether the group that stores the records of the journal is there."""
    with redis_client(url, socket_timeout=5) as server:
        return bool(server.exists(KEY) and server.xinfo_groups(KEY))


def test_the_gateway_goes_on_with_the_next_master(gateway, watched):
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        key = gateway.configured_for(
            "alice",
            connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_for_models(client, "gpt-4o")
            assert client.get("/readyz").json()["redis"] == "ok"
            wait_until(lambda: listeners(watched.url) == (2, 2), what="two workers that listen")
            with Load(gateway, key) as load:
                wait_until(lambda: len(load.statuses) > 20, what="load")
                wait_until(lambda: has_journal(watched.url), what="the journal in Redis")
                watched.master.kill()
                wait_until(lambda: gateway.log.count(LOST) == 2, what="both workers' loss")
                assert client.get("/readyz").status_code == 200
                wait_until(
                    lambda: gateway.log.count(BACK) == 2,
                    what="both workers' return",
                    seconds=ELECTION_SECONDS,
                )
                before = len(load.statuses)
                wait_until(lambda: len(load.statuses) > before + 20, what="load on the new master")
            assert set(load.statuses) == {200}
            assert watched.master_port() == watched.ports[1]
            wait_until(lambda: listeners(watched.url)[0] == 2, what="two workers that listen again")
            wait_until(lambda: client.get("/readyz").json()["status"] == "ok", what="all is well")
            assert gateway.log.count(LOST) == 2
            wait_until(lambda: has_journal(watched.url), what="the journal on the new master")
            wait_until(
                lambda: len(rows_of(gateway)) == len(load.statuses), what="a record of each request"
            )


def test_passwords_are_not_in_the_log(gateway):
    assert "master-password" not in gateway.log
    assert "sentinel-password" not in gateway.log


@pytest.fixture(scope="module")
def cluster(program):
    """A node of a Redis Cluster."""
    bus = ("--cluster-port", str(free_port()))  # by default 10,000 higher, where there may be none
    server = RedisServer(program.address, "--cluster-enabled", "yes", *bus)
    try:
        server.start()
        yield server
    finally:
        server.close()


def test_a_cluster_is_refused_by_what_asks_servers(stores, cluster, tmp_path):
    with stores.open(BACKINGS[0], tmp_path / "data") as environment:
        host = host_of(clean_environment(**environment, REDIS_URL=cluster.url))
        for command in (("serve",), ("check", "--database", "default")):
            done = host.run(*command)
            assert done.returncode == 1
            assert "Redis Cluster" in done.stderr
        assert host.run("check").returncode == 0  # which asks no server
