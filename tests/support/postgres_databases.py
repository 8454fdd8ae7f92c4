"""Databases on a PostgreSQL server whose names tell which test run made them."""

from __future__ import annotations

import os
import platform
import re
from itertools import count
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

_numbers = count(1)


def own_url(server_url: str) -> str:
    """The URL of a database that nobody else uses. It is not made yet."""
    name = f"gatehouse_{_host()}_{os.getpid()}_{next(_numbers)}"
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def create(server_url: str, url: str, *, template_url: str = "") -> None:
    """Make the database of ``url``, as a copy of another one if that is given."""
    statement = sql.SQL("CREATE DATABASE {}").format(_identifier(url))
    if template_url:
        statement += sql.SQL(" TEMPLATE {}").format(_identifier(template_url))
    _execute(server_url, statement)


def drop(server_url: str, url: str) -> None:
    """Remove the database, whoever is still connected to it."""
    _execute(
        server_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(_identifier(url))
    )


def drop_leftovers(server_url: str) -> None:
    """Remove what test runs on this machine left behind that were killed."""
    pattern = re.compile(rf"(?:test_)?gatehouse_{_host()}_(?P<process_id>\d+)_\d+(?:_gw\d+)?")
    with psycopg.connect(server_url, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall():
            match = pattern.fullmatch(name)
            if match and not psutil.pid_exists(int(match["process_id"])):
                drop(server_url, f"postgres:///{name}")


def _execute(server_url: str, statement: sql.Composable) -> None:
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def _identifier(url: str) -> sql.Identifier:
    return sql.Identifier(urlsplit(url).path.removeprefix("/"))


def _host() -> str:
    return re.sub(r"[^a-z0-9]", "", platform.node().lower())[:20]
