"""A gateway that starts before its database is migrated, and what its log says of 503s."""

from contextlib import contextmanager

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support import parts, postgres_databases
from tests.support.api import CHAT, chat_body, client_of
from tests.support.environment import made_up_secrets
from tests.support.hosts import host_of
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

WAITS, SERVES = "This worker is not ready and answers 503", "The database is migrated"
LOST, FOUND = "does not know yet are answered 503", "can be asked for callers again"
BREAK = "ALTER TABLE accounts_apikey RENAME TO elsewhere"
MEND = "ALTER TABLE elsewhere RENAME TO accounts_apikey"
LATER = "INSERT INTO django_migrations (app, name, applied) VALUES ('usage', '9999', '2030-01-01')"


@contextmanager
def empty_store(backing, services, directory):
    if backing == BACKINGS[0]:
        yield {"DATA_DIR": str(directory)}
        return
    server = parts.require("PostgreSQL", services.postgres)
    url = postgres_databases.own_url(server.address)
    postgres_databases.create(server.address, url)
    try:
        yield made_up_secrets() | {
            "DATABASE_URL": url,
            "DATA_DIR": str(directory),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "GATEWAY_HTTPS": "false",
        }
    finally:
        postgres_databases.drop(server.address, url)


@pytest.fixture(scope="module", params=BACKINGS)
def unmigrated(request, services, tmp_path_factory):
    """A gateway on an empty database. The tests of this module go on from one another."""
    directory = tmp_path_factory.mktemp("unmigrated")
    with empty_store(request.param, services, directory / "data") as environment:
        gateway = LiveGateway(request.param, directory, {"LOG_FORMAT": "json"} | environment)
        gateway.start(readiness=httpx.codes.SERVICE_UNAVAILABLE)
        yield gateway
        gateway.stop()


@pytest.fixture
def client(unmigrated):
    with client_of(unmigrated, "sk-gw-nobody") as client:
        yield client


def execute(gateway, statement):
    code = f"from django.db import connection; connection.cursor().execute({statement!r})"
    gateway.manage("shell", "-v0", "-c", code)


def test_it_says_why_it_is_not_ready_and_refuses_everything(unmigrated, client):
    told = client.get("/readyz").json()
    assert told["status"] == "migration_pending"
    assert "manage.py migrate" in told["reason"]
    assert client.get("/livez").status_code == 200
    for _ in range(3):
        answer = client.post(CHAT, json=chat_body("gpt-4o"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "not_ready")
        assert answer.headers["retry-after"] == "5"
    assert client.post("/v1/messages", json={}).json()["type"] == "error"
    assert client.get("/admin/").status_code == 503
    assert client.get("/metrics").status_code == 503
    address = unmigrated.url.replace("http", "ws")
    with pytest.raises(InvalidStatus) as refused, connect(f"{address}/v1/realtime?model=m"):
        pass
    assert refused.value.response.status_code == 503
    assert unmigrated.log.count(WAITS) == 1


def test_replicas_that_migrate_at_once_all_succeed_and_it_serves_by_itself(unmigrated, client):
    host = host_of(unmigrated.process_environment())
    logs = [unmigrated.directory / f"migrate-{number}.log" for number in range(3)]
    started = [host.start("migrate", log=log) for log in logs]
    assert [each.wait(240) for each in started] == [0, 0, 0], [log.read_text() for log in logs]
    assert sum("Applying usage.0001" in log.read_text() for log in logs) == 1
    wait_until(lambda: client.get("/readyz").status_code == 200, what="readiness")
    assert client.get("/readyz").json()["status"] == "ok"
    assert client.get("/v1/models").status_code == 401
    assert (unmigrated.log.count(WAITS), unmigrated.log.count(SERVES)) == (1, 1)
    key = unmigrated.api_key("alice")
    with client_of(unmigrated, key) as known:
        assert known.get("/v1/models").status_code == 200


def test_the_cause_of_many_503s_is_logged_once_and_so_is_its_end(unmigrated):
    keys = [unmigrated.api_key("bob") for _ in range(4)]
    execute(unmigrated, BREAK)
    for key in keys:
        with client_of(unmigrated, key) as client:
            assert client.get("/v1/models").status_code == 503
    assert unmigrated.log.count(LOST) == 1
    execute(unmigrated, MEND)
    for key in keys:
        with client_of(unmigrated, key) as client:
            assert client.get("/v1/models").status_code == 200
    assert (unmigrated.log.count(LOST), unmigrated.log.count(FOUND)) == (1, 1)


def test_a_database_of_a_later_version_is_a_warning(unmigrated, client):
    execute(unmigrated, LATER)
    wait_until(lambda: "warning" in client.get("/readyz").json(), what="the warning")
    assert client.get("/readyz").status_code == 200
    assert unmigrated.log.count("The database is ahead of this version") == 1
