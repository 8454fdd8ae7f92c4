"""What DATABASE_URL becomes, option by option."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.database import POOL_OPTIONS, SQLITE_OPTIONS, database_of

SERVER = "postgres://ada:pw-secret@db.example:5433/gatehouse"


def options_of(query, url=SERVER):
    return database_of(f"{url}?{query}")["OPTIONS"]


def test_a_server_has_a_pool_and_no_other_option():
    database = database_of(SERVER)
    assert database["OPTIONS"] == {"pool": POOL_OPTIONS}
    assert (database["HOST"], database["PORT"], database["NAME"]) == (
        "db.example",
        5433,
        "gatehouse",
    )
    assert (database["USER"], database["PASSWORD"]) == ("ada", "pw-secret")


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("sslmode=verify-full", {"sslmode": "verify-full"}),
        ("sslrootcert=/etc/ca%20s/root+1.pem", {"sslrootcert": "/etc/ca s/root+1.pem"}),
        ("sslcert=a.pem&sslkey=b.pem", {"sslcert": "a.pem", "sslkey": "b.pem"}),
        ("connect_timeout=3", {"connect_timeout": 3}),
        ("keepalives_idle=30", {"keepalives_idle": 30}),
        ("options=-c%20statement_timeout%3D5s", {"options": "-c statement_timeout=5s"}),
        ("application_name=gw", {"application_name": "gw"}),
        ("target_session_attrs=read-write", {"target_session_attrs": "read-write"}),
        ("channel_binding=require", {"channel_binding": "require"}),
        ("ssl=true", {"sslmode": "require"}),
        ("ssl=true&sslmode=verify-ca", {"sslmode": "verify-ca"}),
    ],
)
def test_options_of_libpq_stand_beside_the_pool(query, option):
    assert options_of(query) == option | {"pool": POOL_OPTIONS}


def test_the_pool_can_be_sized():
    options = options_of("pool_min_size=0&pool_max_size=3&pool_timeout=1.5&sslmode=require")
    assert options["pool"] == {"min_size": 0, "max_size": 3, "timeout": 1.5}
    assert options["sslmode"] == "require"


@pytest.mark.parametrize(
    ("url", "place", "value"),
    [
        ("postgres:///gw?host=/run/postgresql", "HOST", "/run/postgresql"),
        ("postgres://%2Frun%2Fpostgresql/gw", "HOST", "/run/postgresql"),
        ("postgresql://ada@db/gw?password=a%26b", "PASSWORD", "a&b"),
        ("postgres://db?dbname=gw", "NAME", "gw"),
        ("postgres://?service=gw", "NAME", ""),
        ("postgres://a,b:5433/gw", "HOST", "a,b"),
        ("postgres://db/gw", "DISABLE_SERVER_SIDE_CURSORS", True),
        ("postgres://db/gw?disable_server_side_cursors=true", "DISABLE_SERVER_SIDE_CURSORS", True),
    ],
)
def test_the_server_may_be_named_in_an_option(url, place, value):
    assert database_of(url)[place] == value


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sslmod=verify-full", "`sslmod` of DATABASE_URL is not known"),
        ("SSLMODE=verify-full", "write `sslmode`"),
        ("sslmode=", "`sslmode` of DATABASE_URL has no value"),
        ("sslmode", "`sslmode` of DATABASE_URL has no value"),
        ("sslmode=verify_full", "`sslmode` of DATABASE_URL must be one of"),
        ("sslmode=require&sslmode=disable", "`sslmode` of DATABASE_URL stands there twice"),
        ("connect_timeout=soon", "`connect_timeout` of DATABASE_URL must be an integer"),
        ("connect_timeout=-1", "`connect_timeout`"),
        ("connect_timeout=99999999999999999999", "`connect_timeout`"),
        ("pool_max_size=0", "`pool_max_size`"),
        ("pool_min_size=9", "`pool_min_size`"),
        ("pool_timeout=nan", "`pool_timeout`"),
        ("pool=false", "`pool`"),
        ("ssl=yes", "`ssl`"),
        ("host=other", "`host` of DATABASE_URL says what stands before the"),
        ("password=other-secret", "`password` of DATABASE_URL says what"),
        ("client_encoding=latin1", "`client_encoding` of DATABASE_URL is not known"),
        ("replication=true", "`replication`"),
        ("conn_max_age=60", "`conn_max_age`"),
        ("sslmode=require#x", "%23"),
        ("w@x=1", "An option of DATABASE_URL is not known"),
    ],
)
def test_an_option_that_cannot_count_is_an_error_without_secrets(query, said):
    with pytest.raises(ImproperlyConfigured) as caught:
        options_of(query)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ada:pw-secret@db/gw",
        "ada:pw-secret@db/gw",
        "pw-secret",
        "postgres://ada:pw-secret/x@db/gw",
        "postgres://ada:pw-secret?x@db/gw",
        "postgres://ada:1?pw-secret@db/gw",
        "postgres://ada:pw-secret#x@db/gw",
        "postgres://ada:pw-secret@db:port/gw",
        "postgres://ada:pw-secret@[::1/gw",
        "sqlite://pw-secret@x/y.db",
    ],
)
def test_a_url_that_cannot_be_read_is_not_quoted(url, recwarn):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        database_of(url)
    assert "secret" not in str(caught.value)
    assert not recwarn.list


def test_a_file_has_what_sqlite_needs():
    database = database_of("sqlite:////srv/gate%20house.db")
    assert database["NAME"] == "/srv/gate house.db"
    assert database["OPTIONS"] == SQLITE_OPTIONS


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("timeout=2.5", {"timeout": 2.5}),
        ("transaction_mode=DEFERRED", {"transaction_mode": "DEFERRED"}),
        ("cached_statements=10", {"cached_statements": 10}),
    ],
)
def test_options_of_sqlite_count(query, option):
    assert options_of(query, "sqlite:///x.db") == SQLITE_OPTIONS | option


@pytest.mark.parametrize("query", ["mode=ro", "sslmode=require", "timeout=0", "timeout=", "uri=1"])
def test_an_unknown_option_of_sqlite_is_an_error(query):
    with pytest.raises(ImproperlyConfigured, match=query.partition("=")[0]):
        options_of(query, "sqlite:///x.db")
