import pytest

from accounts.encryption import EncryptionKey
from connections.checks import (
    check_environment,
    check_identity_hosts,
    check_stored_connections,
)
from connections.models import Connection
from connections.models.key_source import KeySource


def stored(**columns):
    columns = {"name": "one", "base_url": "https://one.example"} | columns
    return Connection.objects.create(**columns)


def found():
    return check_stored_connections(databases=["default"])


@pytest.mark.django_db
def test_sound_connection_is_not_remarked_upon():
    stored().replace_keys([KeySource(secret="sk-1")])

    assert found() == []


@pytest.mark.django_db
def test_unreadable_key_is_named_with_what_is_missing(settings):
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text()]
    missing = EncryptionKey.parse(settings.ENCRYPTION_KEYS[0]).id
    stored().replace_keys([KeySource(secret="sk-0123456789abcd")])
    settings.ENCRYPTION_KEYS = [EncryptionKey.generate_text()]

    [message] = found()

    assert message.id == "connections.W002"
    assert "one" in message.msg
    assert missing in message.msg


@pytest.mark.django_db
def test_variable_that_is_not_set_is_named(monkeypatch):
    stored().replace_keys([KeySource(environment_variable="CHECKS_TEST_KEY")])
    [message] = found()
    monkeypatch.setenv("CHECKS_TEST_KEY", "sk-1")

    assert message.id == "connections.W003"
    assert "CHECKS_TEST_KEY" in message.msg
    assert found() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("http://api.example.com/v1", ["connections.W004"]),
        ("http://8.8.8.8/v1", ["connections.W004"]),
        ("https://api.example.com/v1", []),
        ("http://localhost:11434", []),
        ("http://10.1.2.3:8000", []),
        ("http://[::1]:8000", []),
        ("http://vllm:8000", []),
        ("http://vllm.models.svc:8000", []),
    ],
)
def test_key_in_the_clear_is_warned_of_beyond_ones_own_network(url, ids):
    stored(base_url=url)

    assert [message.id for message in found()] == ids


@pytest.mark.django_db
def test_unverified_tls_is_warned_of():
    stored(verify_tls="false")

    assert [message.id for message in found()] == ["connections.W005"]


@pytest.mark.django_db
def test_disabled_connection_is_not_remarked_upon():
    stored(verify_tls="false", is_enabled=False)

    assert found() == []


@pytest.mark.django_db
def test_database_is_not_asked_unless_wanted(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert check_stored_connections(databases=None) == []


def test_environment_that_cannot_be_used_is_warned_of(settings):
    settings.OPENAI_API_BASE_URLS = ["ftp://one.example"]

    [message] = check_environment()

    assert message.id == "connections.W001"
    assert "must begin with http" in message.msg


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("columns", "ids"),
    [
        ({"auth_type": "session"}, ["connections.W006"]),
        ({"auth_type": "system_oauth", "forward_cookies": True}, ["connections.W006"]),
        ({"auth_type": "system_oauth"}, []),
        ({"auth_type": "session", "connection_type": "internal"}, []),
        ({"auth_type": "session", "base_url": "http://10.1.2.3"}, []),
    ],
)
def test_passing_on_what_is_the_callers_is_warned_of_beyond_ones_own_upstreams(columns, ids):
    stored(**columns)

    assert [message.id for message in found()] == ids


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("columns", "ids"),
    [
        ({"auth_type": "azure_ad"}, ["connections.W007"]),
        ({"auth_type": "azure_ad", "base_url": "https://res.openai.azure.com"}, []),
        (
            {
                "auth_type": "microsoft_entra_id",
                "base_url": "https://res.openai.azure.com",
                "auth_scope": "https://management.azure.com/.default",
            },
            ["connections.W007"],
        ),
    ],
)
def test_connection_that_gets_no_token_by_the_rules_of_today_is_named(columns, ids):
    stored(**columns)

    assert [message.id for message in found()] == ids


def test_host_pattern_that_matches_nothing_is_an_error(settings):
    settings.GATEWAY_IDENTITY_HOSTS = ["good.example", "http://evil.example"]

    [message] = check_identity_hosts()

    assert message.id == "connections.E001"
    assert "http://evil.example" in message.msg


@pytest.mark.parametrize("auth_type", ["azure_ad", "microsoft_entra_id"])
def test_environment_that_sends_the_identity_elsewhere_is_warned_of(settings, auth_type):
    settings.OPENAI_API_BASE_URLS = ["https://one.example"]
    settings.OPENAI_API_CONFIGS = {"0": {"auth_type": auth_type}}

    [message] = check_environment()

    assert "GATEWAY_IDENTITY_HOSTS" in message.msg


@pytest.mark.django_db
def test_key_file_that_cannot_be_used_is_told(settings, tmp_path):
    settings.GATEWAY_KEY_FILES_DIR = str(tmp_path)
    stored().replace_keys([KeySource(file_path=f"{tmp_path}/key")])

    [message] = check_stored_connections(databases=["default"])
    assert (message.id, message.msg) == (
        "connections.W009",
        f"The connection one takes a key from the file {tmp_path}/key, which is missing.",
    )
    (tmp_path / "key").write_text("sk-1\n")
    assert check_stored_connections(databases=["default"]) == []


@pytest.mark.django_db
def test_variable_whose_value_no_header_can_carry_is_told(monkeypatch):
    monkeypatch.setenv("CHECKS_TEST_KEY", "sk 1")
    stored().replace_keys([KeySource(environment_variable="CHECKS_TEST_KEY")])

    [message] = check_stored_connections(databases=["default"])
    assert message.id == "connections.W008"
    assert "sk 1" not in message.msg
