"""An option of DATABASE_URL that asks for TLS is in force, or the gateway does not start."""

import subprocess
import sys

import psycopg
import pytest

from tests.support import parts
from tests.support.environment import ROOT, clean_environment, made_up_secrets

ASK = (
    "from django.db import connection as c; c.ensure_connection(); i = c.connection.info;"
    "print('TLS' if c.connection.pgconn.ssl_in_use else 'plain', i.get_parameters())"
)


@pytest.fixture
def server(services):
    return parts.require("PostgreSQL", services.postgres).address


def ask(url, *, directory):
    """What a process of the gateway says of its connection to ``url``."""
    environment = made_up_secrets() | {
        "DATABASE_URL": url,
        "DATA_DIR": str(directory),
        "ALLOWED_HOSTS": "gw.example",
        "GATEWAY_TRUSTED_PROXIES": "1",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "--command", ASK],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def has_tls(server):
    with psycopg.connect(server) as connection:
        row = connection.execute("SHOW ssl").fetchone()
        return row == ("on",)


@pytest.mark.parametrize("query", ["sslmode=require", "ssl=true", "pool_max_size=1&ssl=true"])
def test_no_plain_connection_where_tls_is_asked_for(server, tmp_path, query):
    done = ask(f"{server}?{query}&connect_timeout=5&pool_timeout=3", directory=tmp_path)
    if has_tls(server):
        assert done.stdout.startswith("TLS")
    else:
        assert done.returncode != 0
        assert "plain" not in done.stdout


def test_a_certificate_that_is_not_there_ends_the_connection(server, tmp_path):
    query = f"sslmode=verify-full&sslrootcert={tmp_path}/none.pem&pool_timeout=3"
    done = ask(f"{server}?{query}", directory=tmp_path)
    assert done.returncode != 0
    assert "plain" not in done.stdout


def test_options_reach_the_server(server, tmp_path):
    done = ask(f"{server}?application_name=gate+house&connect_timeout=7", directory=tmp_path)
    assert "'application_name': 'gate+house'" in done.stdout, done.stderr
    assert "'connect_timeout': '7'" in done.stdout


@pytest.mark.parametrize("query", ["sslmod=require", "sslmode=", "SSLMODE=require"])
def test_an_option_that_would_be_dropped_ends_the_start(tmp_path, query):
    done = ask(f"postgres://ada:pw-secret@127.0.0.1:1/gw?{query}", directory=tmp_path)
    assert done.returncode != 0
    assert f"`{query.partition('=')[0]}` of DATABASE_URL" in done.stderr
    assert "pw-secret" not in done.stdout + done.stderr
