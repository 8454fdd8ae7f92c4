"""Logical Redis databases, each claimed by one user at a time, so that runs do not mix."""

from __future__ import annotations

import os
import platform
from urllib.parse import urlsplit, urlunsplit

import psutil
import redis

OWNER_KEY = "gatehouse-test-owner"


class NoFreeRedisDatabaseError(Exception):
    """All logical databases of the server hold something."""


def claim(server_url: str, *, first: str = "") -> str:
    """The URL of an empty database, ours until :func:`release`; that at ``first`` if it is free.

    Databases that hold anything are left alone, unless a test run owned them that is dead now.
    """
    with redis.Redis.from_url(server_url) as server:
        count = int(server.config_get("databases")["databases"])
    numbered = (
        urlunsplit(urlsplit(server_url)._replace(path=f"/{number}"))
        for number in reversed(range(1, count))
    )
    for url in filter(None, (first, *numbered)):
        with redis.Redis.from_url(url, decode_responses=True) as database:
            if _take(database):
                return url
    raise NoFreeRedisDatabaseError(f"{count - 1} databases are all in use")


def release(url: str) -> None:
    """Empty the database and give it back. A server that is gone has nothing to give back."""
    with redis.Redis.from_url(url) as database:
        try:
            database.flushdb()
        except redis.ConnectionError:
            return


def _take(database: redis.Redis) -> bool:
    owner = database.get(OWNER_KEY)
    if owner is not None and _is_dead(str(owner)):
        database.flushdb()
    if database.dbsize() > 0:
        return False
    return bool(database.set(OWNER_KEY, f"{platform.node()} {os.getpid()}", nx=True))


def _is_dead(owner: str) -> bool:
    host, _, process_id = owner.rpartition(" ")
    return host == platform.node() and not psutil.pid_exists(int(process_id))
