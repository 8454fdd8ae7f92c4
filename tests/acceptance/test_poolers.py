"""A whole gateway behind PgBouncer, whose sessions are fewer than those who ask."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from configparser import ConfigParser
from contextlib import contextmanager

import psycopg
import pytest

from tests.support import parts, postgres_databases
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.environment import ROOT, clean_environment, made_up_secrets
from tests.support.hosts import host_of
from tests.support.live import TWO_WORKERS, LiveGateway
from tests.support.pgbouncer import pooled
from tests.support.processes import wait_until
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

SESSIONS = {"default_pool_size": "2"}
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
SESSION_STATE = """
SELECT count(*) FROM pg_class WHERE relpersistence = 't'
UNION ALL SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND
    database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.fixture(scope="module")
def pgbouncer():
    return parts.require("PgBouncer", parts.program("pgbouncer"))


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, pgbouncer):
    directory = tmp_path_factory.mktemp("pooled")
    with (
        stores.open(BACKINGS[1], directory / "data") as environment,
        pooled(pgbouncer, environment["DATABASE_URL"], pool_mode="transaction", **SESSIONS) as url,
    ):
        more = {"DATABASE_URL": url, "LOG_FORMAT": "json", "GATEWAY_REQUIRE_STAFF_MFA": "false"}
        gateway = LiveGateway(BACKINGS[1], directory, environment | more)
        gateway.start(*TWO_WORKERS)
        yield gateway
        gateway.stop()


@pytest.fixture(scope="module")
def client(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, gateway.api_key("alice")) as client:
        wait_for_models(client, "gpt-4o")
        yield client


def requests_told_by(gateway):
    told = json.loads(gateway.manage("usage", "--by", "user", "--json").stdout)
    return sum(line["requests"] for line in told["data"])


def test_chats_of_two_workers_are_recorded_and_reported(gateway, client):
    before = requests_told_by(gateway)

    def ask(_):
        return client.post(CHAT, json=chat_body("gpt-4o")).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(40))) == {200}
    wait_until(lambda: requests_told_by(gateway) == before + 40, what="all records")


def test_records_that_are_moved_again_leave_nothing_in_the_session(gateway, client):
    row = client.post(CHAT, json=chat_body("gpt-4o"))
    assert row.status_code == 200
    gateway.manage("shell", "-v0", "-c", STORE_TWICE)
    with psycopg.connect(gateway.environment["DATABASE_URL"]) as connection:
        assert {count for (count,) in connection.execute(SESSION_STATE)} == {0}


STORE_TWICE = """
from tests.usage.records import a_record
from usage.storing import store
for _ in range(2):
    store([a_record(request_id="req_again")])
"""


def test_the_admin_shows_its_pages(gateway, client):
    gateway.manage("shell", "-v0", "-c", MAKE_ADMIN)
    with client_of(gateway) as browser:
        browser.get("/accounts/login/").raise_for_status()
        token = browser.cookies["csrftoken"]
        fields = {"login": "root", "password": "secret", "csrfmiddlewaretoken": token}
        assert browser.post("/accounts/login/", data=fields).status_code == 302
        for path in ("", "connections/connection/", "usage/usagerow/", "usage/", "accounts/user/"):
            assert browser.get(f"/admin/{path}").status_code == 200, path


MAKE_ADMIN = """
from accounts.models import User
User.objects.create_superuser("root", password="secret")
"""


@pytest.mark.parametrize(
    "command",
    [
        ("migrate",),
        ("export_config", "--no-secrets"),
        ("prune_usage", "--older-than", "90d"),
        ("check", "--database", "default"),
        ("list_models", "--user", "alice"),
        ("rotate_encryption", "--dry-run"),
    ],
    ids=lambda command: command[0],
)
def test_commands_work(gateway, client, command):
    gateway.manage(*command)


@contextmanager
def empty_database(server):
    url = postgres_databases.own_url(server.address)
    postgres_databases.create(server.address, url)
    try:
        yield url
    finally:
        postgres_databases.drop(server.address, url)


def production(url, directory):
    return clean_environment(
        **made_up_secrets(),
        DATABASE_URL=url,
        DATA_DIR=str(directory),
        ALLOWED_HOSTS="127.0.0.1",
    )


@pytest.mark.long
def test_replicas_that_migrate_at_once_wait_for_one_another(postgres, pgbouncer, tmp_path):
    with (
        empty_database(postgres) as direct,
        pooled(pgbouncer, direct, pool_mode="transaction", **SESSIONS) as url,
    ):
        host = host_of(production(url, tmp_path / "data"))
        logs = [tmp_path / f"migrate-{number}.log" for number in range(3)]
        started = [host.start("migrate", log=log) for log in logs]
        assert [each.wait(240) for each in started] == [0, 0, 0], [log.read_text() for log in logs]
        told = [log.read_text() for log in logs]
        assert sum("Applying accounts.0001_initial" in text for text in told) == 1
        assert any("Another migrate is under way" in text for text in told)


@pytest.mark.parametrize("command", ["migrate", "serve", "check --database default"])
def test_a_pooler_of_statements_is_refused_with_the_remedy(postgres, pgbouncer, tmp_path, command):
    with (
        empty_database(postgres) as direct,
        pooled(pgbouncer, direct, pool_mode="statement", **SESSIONS) as url,
    ):
        done = host_of(production(url, tmp_path / "data")).run(*command.split())
    assert done.returncode == 1
    assert "statement mode" in done.stderr
    assert "pool_mode=transaction" in done.stderr


def test_the_documented_configuration_takes_transactions(postgres, pgbouncer):
    documented = ConfigParser()
    [block] = re.findall(r"```ini\n(.*?)```", OPERATIONS, re.DOTALL)
    documented.read_string(block)
    settings = dict(documented["pgbouncer"])
    assert "host=" in documented["databases"]["gatehouse"]
    with (
        pooled(pgbouncer, postgres.address, **settings) as url,
        psycopg.connect(url, autocommit=True) as connection,
        connection.transaction(),
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)
