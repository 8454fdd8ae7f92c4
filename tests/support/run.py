"""What the processes that share the tests of one run make once: databases that are migrated.

A migration of all apps takes ten seconds of CPU. Whichever process needs a database first makes it,
and the others wait for it and copy it. It goes when the first process of the run ends.
"""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support import postgres_databases
from tests.support.environment import clean_environment, made_up_secrets
from tests.support.hosts import host_of

# Tells the processes that share a run's tests where they meet.
DIRECTORY = "TEST_RUN_DIRECTORY"


def directory() -> Path:
    """The run's directory, made by its first process."""
    if DIRECTORY not in os.environ:
        made = os.environ[DIRECTORY] = tempfile.mkdtemp(prefix="gatehouse-run-")
        atexit.register(_end, Path(made))
    return Path(os.environ[DIRECTORY])


def own_directory() -> Path:
    """A directory of this process alone, below that of the run."""
    own = directory() / str(os.getpid())
    own.mkdir(exist_ok=True)
    return own


def secrets() -> dict[str, str]:
    """What all live gateways of this run encrypt and sign with."""
    return dict(_made_once("secrets", lambda _: made_up_secrets()))


def migrated_directory() -> Path:
    """A DATA_DIR with a migrated SQLite, to copy."""

    def make(path: Path) -> str:
        migrate({"DATA_DIR": str(path)})
        return str(path)

    return Path(_made_once("sqlite", make))


def migrated_database(server_url: str) -> str:
    """The URL of a migrated database on the PostgreSQL of ``server_url``, to copy."""

    def make(path: Path) -> list[str]:
        url = postgres_databases.own_url(server_url)
        postgres_databases.create(server_url, url)
        migrate(production(path, url))
        return [server_url, url]

    return str(_made_once("postgres", make)[1])


def production(data: Path, database_url: str) -> dict[str, str]:
    """The production settings, without the TLS proxy that would stand before them."""
    return secrets() | {
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "GATEWAY_HTTPS": "false",
    }


def migrate(environment: dict[str, str]) -> None:
    host = host_of(clean_environment(**environment))
    host.run("migrate", "--no-input", "--verbosity", "0").check_returncode()


def _made_once(name: str, make: Callable[[Path], Any]) -> Any:
    """What ``make`` returned, JSON, in the process of this run that asked first.

    It is given a path of its own, at which nothing is yet.
    """
    told = directory() / f"{name}.json"
    with _alone(name):
        if not told.exists():
            told.write_text(json.dumps(make(directory() / name)))
        return json.loads(told.read_text())


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """No other process of this run is in a block of the same name."""
    with (directory() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end(run: Path) -> None:
    told = run / "postgres.json"
    if told.exists():
        postgres_databases.drop(*json.loads(told.read_text()))
    shutil.rmtree(run, ignore_errors=True)
