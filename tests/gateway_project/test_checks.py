import secrets
import subprocess
import sys

import pytest

from gateway_project.checks import (
    check_cors_origins,
    check_data_directory,
    check_debug,
    check_filters,
    check_public_path,
    check_redis_url,
    check_tls_verification,
    check_usage_journal,
    check_user_info_secret,
)
from tests.support.environment import ROOT, clean_environment, made_up_secrets


def ids(check):
    return [message.id for message in check()]


def test_data_directory_may_be_made_later(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "not" / "yet"

    assert ids(check_data_directory) == []


def test_data_directory_below_a_file_is_an_error(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.DATA_DIR = tmp_path / "file" / "below"

    assert ids(check_data_directory) == ["gateway_project.E001"]


@pytest.mark.parametrize(
    ("debug", "is_sqlite", "expected"),
    [(True, False, ["gateway_project.W001"]), (True, True, []), (False, False, [])],
)
def test_debug_is_warned_of_beside_a_database_server(settings, debug, is_sqlite, expected):
    settings.DEBUG, settings.DATABASE_IS_SQLITE = debug, is_sqlite

    assert ids(check_debug) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", []), ("OFF", []), (__file__, []), ("/no/such.pem", ["gateway_project.E002"])],
)
def test_tls_setting_is_a_switch_or_a_file(settings, value, expected):
    settings.AIOHTTP_CLIENT_SESSION_SSL = value

    assert ids(check_tls_verification) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "redis://localhost:6379/0",
        "redis://user:pw@cache.example/0",
        "rediss://:pw@cache.example/1",
        "unix:///run/redis.sock",
    ],
)
def test_redis_url_may_take_these_forms(settings, url):
    settings.REDIS_URL = url

    assert ids(check_redis_url) == []


@pytest.mark.parametrize(
    "url",
    ["localhost:6379", "http://:pw-secret@localhost", "redis://", "redis://:pw-secret@host:port/0"],
)
def test_redis_url_of_another_form_is_an_error_without_the_password(settings, url):
    settings.REDIS_URL = url

    [message] = check_redis_url()

    assert message.id == "gateway_project.E003"
    assert "pw-secret" not in message.msg
    assert "redis://[[user]:password@]host:port/0" in message.hint


@pytest.mark.parametrize(
    ("journal", "redis_url", "expected"),
    [
        ("files", "", []),
        ("redis", "redis://localhost", []),
        ("redis", "", ["gateway_project.E017"]),
    ],
)
def test_a_journal_in_redis_needs_a_redis(settings, journal, redis_url, expected):
    settings.GATEWAY_USAGE_JOURNAL, settings.REDIS_URL = journal, redis_url

    assert ids(check_usage_journal) == expected


def deployment_check(tmp_path, **values):
    environment = made_up_secrets() | {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ALLOWED_HOSTS": "gw.example",
        "DATABASE_URL": "postgres://postgres@127.0.0.1/test",
        "DATA_DIR": str(tmp_path),
        "DEBUG": "false",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=clean_environment(**environment | values),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("proxies", ["1", "0"])
def test_production_settings_pass_the_deployment_check(tmp_path, proxies):
    done = deployment_check(tmp_path, GATEWAY_TRUSTED_PROXIES=proxies)
    assert done.returncode == 0, done.stderr


def test_the_deployment_check_asks_for_the_number_of_proxies(tmp_path):
    done = deployment_check(tmp_path)
    assert done.returncode != 0
    assert "gateway_project.W003" in done.stderr


def test_preloading_takes_the_hosts_below_along(tmp_path):
    values = {"GATEWAY_TRUSTED_PROXIES": "1", "GATEWAY_HSTS_PRELOAD": "true"}
    assert "GATEWAY_HSTS_INCLUDE_SUBDOMAINS" in deployment_check(tmp_path, **values).stderr
    done = deployment_check(tmp_path, **values, GATEWAY_HSTS_INCLUDE_SUBDOMAINS="true")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("proxy.filters.redactor.RegexRedactor", []),
        ("proxy.filters.redactor.Missing", ["gateway_project.E004"]),
        ("nowhere.Filter", ["gateway_project.E004"]),
        ("Filter", ["gateway_project.E004"]),
    ],
)
def test_filters_must_be_there(settings, path, expected):
    settings.GATEWAY_FILTERS = [path]
    assert ids(check_filters) == expected


def test_patterns_must_be_regular_expressions(settings):
    settings.GATEWAY_REDACTED_PATTERNS = ["a+", "(("]
    assert ids(check_filters) == ["gateway_project.E005"]


@pytest.mark.parametrize(("length", "is_good"), [(0, True), (31, False), (32, True)])
def test_the_secret_for_tokens_about_users_is_not_short(settings, length, is_good):
    settings.GATEWAY_USER_INFO_JWT_SECRET = "x" * length
    assert ids(check_user_info_secret) == ([] if is_good else ["gateway_project.E006"])


@pytest.mark.parametrize(
    ("origins", "found"),
    [([], []), (["*"], []), (["https://app.example/"], ["gateway_project.E007"])],
)
def test_origins_are_exact(settings, origins: list[str], found: list[str]) -> None:
    settings.GATEWAY_CORS_ORIGINS = origins
    assert ids(check_cors_origins) == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("", []),
        ("https://gw.example", []),
        ("https://gw.example/gatehouse", []),
        ("https://gw.example/v1x", []),
        ("https://gw.example/v1", ["gateway_project.E016"]),
        ("https://gw.example/admin/below", ["gateway_project.E016"]),
    ],
)
def test_the_public_path_is_none_of_the_gateways_own(settings, url, found) -> None:
    settings.GATEWAY_PUBLIC_URL = url
    assert ids(check_public_path) == found
