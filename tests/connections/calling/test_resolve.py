from pathlib import Path

import pytest

from accounts.encryption import EncryptionKey
from connections.calling.resolve import resolve
from connections.models import Connection
from connections.models.key_source import KeySource

SECRET = "sk-resolve-0123456789"


@pytest.fixture
def connection(db):
    return Connection.objects.create(name="one", base_url="https://one.example/v1")


def test_stored_key_is_opened(connection):
    connection.replace_keys([KeySource(secret=SECRET)])

    [key] = resolve(connection).keys

    assert key.secret == SECRET
    assert key.hint == "…6789"


def test_keys_keep_their_order(connection):
    connection.replace_keys([KeySource(secret=f"sk-{n}") for n in (3, 1, 2)])

    assert [key.secret for key in resolve(connection).keys] == ["sk-3", "sk-1", "sk-2"]


def test_no_secret_shows_in_the_text_of_an_upstream(connection):
    connection.replace_keys([KeySource(secret=SECRET)])

    assert SECRET not in repr(resolve(connection))


def test_environment_key_is_read_from_its_variable(connection, monkeypatch):
    monkeypatch.setenv("RESOLVE_TEST_KEY", SECRET)
    connection.replace_keys([KeySource(environment_variable="RESOLVE_TEST_KEY")])

    [key] = resolve(connection).keys

    assert (key.secret, key.hint) == (SECRET, "env:RESOLVE_TEST_KEY")


def test_unset_environment_key_is_empty(connection, monkeypatch):
    monkeypatch.delenv("RESOLVE_TEST_KEY", raising=False)
    connection.replace_keys([KeySource(environment_variable="RESOLVE_TEST_KEY")])

    [key] = resolve(connection).keys

    assert key.secret == ""


def test_unreadable_key_is_left_out_and_logged(connection, settings, caplog):
    connection.replace_keys([KeySource(secret=SECRET), KeySource(environment_variable="PATH")])
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text()]

    [key] = resolve(connection).keys

    assert key.hint == "env:PATH"
    assert "one" in caplog.text
    assert "ENCRYPTION_KEYS" in caplog.text
    assert SECRET not in caplog.text


def test_fields_arrive_as_values(connection):
    connection.model_ids = ["a", "b"]
    connection.headers = {"X-Team": "search"}
    connection.timeout_seconds = 7

    upstream = resolve(connection)

    assert upstream.model_ids == ("a", "b")
    assert upstream.headers == (("X-Team", "search"),)
    assert upstream.timeout_seconds == 7


def test_timeout_is_the_global_one_by_default(connection, settings):
    settings.AIOHTTP_CLIENT_TIMEOUT = 42

    assert resolve(connection).timeout_seconds == 42


@pytest.mark.parametrize(
    ("own", "everywhere", "expected"),
    [
        ("true", "true", True),
        ("true", "false", False),
        ("true", "/etc/ca.pem", Path("/etc/ca.pem")),
        ("false", "true", False),
        ("false", "/etc/ca.pem", False),
        ("/own/ca.pem", "false", Path("/own/ca.pem")),
    ],
)
def test_tls_is_verified_as_the_connection_says(connection, settings, own, everywhere, expected):
    settings.AIOHTTP_CLIENT_SESSION_SSL = everywhere
    connection.verify_tls = own

    assert resolve(connection).verify_tls == expected
