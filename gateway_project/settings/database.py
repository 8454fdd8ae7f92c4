"""What ``DATABASE_URL`` says, in Django's words: the server or file, and every option of the URL.

An option that is dropped without a word may be the one that asks for TLS. So each one counts, and
one that nobody knows is an error. Errors name the option and hold no value: it may be a secret.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from gateway_project.settings.findings import is_refused, refuse

POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "psql", "pgsql"})
SQLITE_OPTIONS = {
    # A transaction waits for the lock at its start; one that began by reading would fail instead.
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}
POOL_OPTIONS = {"min_size": 1, "max_size": 8, "timeout": 5}
# What the URL has a place for, and what Django calls it.
PLACES = {
    "host": "HOST",
    "port": "PORT",
    "user": "USER",
    "password": "PASSWORD",
    "dbname": "NAME",
}
NAME = re.compile(r"[A-Za-z_]{1,40}")
# Django sets the one, and no query runs with the other.
NOT_OURS = frozenset({"client_encoding", "replication"})


class _UnusableError(ValueError):
    """The message reads on behind "The option `name` of DATABASE_URL"."""


def usable_database(url: str, *, fallback: str) -> dict[str, Any]:
    """The entry for ``url``, or for ``fallback`` where it is empty or noted as of no use."""
    if url and not is_refused("DATABASE_URL"):
        try:
            return database_of(url)
        except ImproperlyConfigured as exc:
            refuse("DATABASE_URL", str(exc))
    return database_of(fallback)


def database_of(url: str) -> dict[str, Any]:
    """The entry of ``DATABASES`` for ``url``. Raises ``ImproperlyConfigured``."""
    parts = _split(url)
    is_sqlite = parts.scheme == "sqlite"
    if not is_sqlite and parts.scheme not in POSTGRES_SCHEMES:
        begins = f"begins with {parts.scheme}://" if "://" in url else "is no URL"
        raise ImproperlyConfigured(f"DATABASE_URL {begins}. It takes postgres:// or sqlite:///.")
    if parts.fragment:
        raise ImproperlyConfigured("DATABASE_URL holds a # that has to be written as %23.")
    database = _without_options(url)
    database["HOST"] = unquote(database.get("HOST", ""))  # %2Fvar%2Frun names a socket
    if is_sqlite:
        database["OPTIONS"] = SQLITE_OPTIONS | _read(parts.query, SQLITE_READERS)
    else:
        _add_postgres_options(database, _read(parts.query, _postgres_readers()))
    return database


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        raise ImproperlyConfigured("DATABASE_URL cannot be read as a URL.") from None


def _without_options(url: str) -> dict[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # they show the URL, or parts of it
            return dict(environ.Env.db_url_config(url.partition("?")[0]))
    except (ValueError, Warning):
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: write special characters in the user, the password and "
            "the name as %XX, and a file of SQLite as sqlite:////path/to/file.db."
        ) from None


def _add_postgres_options(database: dict[str, Any], options: dict[str, Any]) -> None:
    if options.pop("ssl", False):  # as libpq reads it in URLs
        options.setdefault("sslmode", "require")
    # A pooler of transactions gives each statement another session, where the cursor is not.
    database["DISABLE_SERVER_SIDE_CURSORS"] = True
    options.pop("disable_server_side_cursors", None)  # of earlier versions, which asked for it
    pool = POOL_OPTIONS | {
        name: options.pop(f"pool_{name}") for name in POOL_OPTIONS if f"pool_{name}" in options
    }
    if pool["min_size"] > pool["max_size"]:
        raise ImproperlyConfigured(
            "The option `pool_min_size` of DATABASE_URL must not exceed `pool_max_size`."
        )
    for name, place in PLACES.items():
        if name not in options:
            continue
        if database[place]:
            raise ImproperlyConfigured(
                f"The option `{name}` of DATABASE_URL says what stands before the ? already."
            )
        database[place] = options.pop(name)
    database["OPTIONS"] = options | {"pool": pool}


def _read(query: str, readers: dict[str, Callable[[str], Any]]) -> dict[str, Any]:
    """The options of ``query``, each as its reader makes it."""
    options: dict[str, Any] = {}
    for name, value in _pairs(query):
        try:
            options[name] = _value(name, value, readers, is_there=name in options)
        except _UnusableError as exc:
            # An odd name may be the end of a password with a question mark, so it is not repeated.
            named = f"The option `{name}`" if NAME.fullmatch(name) else "An option"
            raise ImproperlyConfigured(f"{named} of DATABASE_URL {exc}.") from None
    return options


def _value(
    name: str, value: str, readers: dict[str, Callable[[str], Any]], *, is_there: bool
) -> Any:
    if is_there:
        raise _UnusableError("stands there twice")
    if name not in readers:
        raise _UnusableError(f"is not known{_suggestion(name, readers)}")
    if not value:
        raise _UnusableError("has no value")
    return readers[name](value)


def _pairs(query: str) -> Iterable[tuple[str, str]]:
    """As libpq takes a URL apart: + is a plus sign."""
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        yield unquote(name), unquote(value)


def _suggestion(name: str, readers: Iterable[str]) -> str:
    same = next((known for known in readers if known == name.lower()), "")
    return f": write `{same}`" if same else ""


def _postgres_readers() -> dict[str, Callable[[str], Any]]:
    """What the libpq at hand takes, and how many connections a process keeps."""
    from psycopg import pq  # slow to import, and of no use with SQLite

    libpq = {option.keyword.decode(): str for option in pq.Conninfo.get_defaults()}
    readers: dict[str, Callable[[str], Any]] = {**libpq, **POSTGRES_READERS}
    return {name: readers[name] for name in readers if name not in NOT_OURS}


def _integer(value: str, *, minimum: int = 0) -> int:
    if not value.isascii() or not value.isdigit() or not minimum <= int(value[:10]) < 2**31:
        raise _UnusableError(f"must be an integer of at least {minimum}")
    return int(value)


def _positive(value: str) -> int:
    return _integer(value, minimum=1)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise _UnusableError("must be a number of seconds")
    return seconds


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in choices:
            raise _UnusableError(f"must be one of {', '.join(choices)}")
        return value

    return read


def _true(value: str) -> bool:
    return bool(_one_of("true")(value))


SQLITE_READERS: dict[str, Callable[[str], Any]] = {
    "timeout": _seconds,
    "transaction_mode": _one_of("DEFERRED", "IMMEDIATE", "EXCLUSIVE"),
    "cached_statements": _integer,
}
POSTGRES_READERS: dict[str, Callable[[str], Any]] = {
    "connect_timeout": _integer,
    "keepalives": _integer,
    "keepalives_idle": _integer,
    "keepalives_interval": _integer,
    "keepalives_count": _integer,
    "tcp_user_timeout": _integer,
    "ssl": _true,
    "sslmode": _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "gssencmode": _one_of("disable", "prefer", "require"),
    "channel_binding": _one_of("disable", "prefer", "require"),
    "disable_server_side_cursors": _true,
    "pool_min_size": _integer,
    "pool_max_size": _positive,
    "pool_timeout": _seconds,
}
