"""Where a live gateway keeps its data: migrated once for a run, copied for each gateway."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import pytest

from tests.support import parts, postgres_databases, redis_databases
from tests.support.environment import clean_environment, made_up_secrets
from tests.support.hosts import host_of
from tests.support.parts import Part, Services

BACKINGS = ("sqlite+memory", "postgres+redis")
# For modules that try what no store has a part in.
on_one_backing = pytest.mark.parametrize("gateway", BACKINGS[:1], indirect=True, scope="module")


class Stores:
    """Opens stores for gateways. Each value is the environment that points a gateway at them."""

    def __init__(self, directory: Path, services: Services) -> None:
        self._directory = directory
        self._services = services
        self._secrets = made_up_secrets()

    @contextmanager
    def open(self, backing: str, directory: Path) -> Iterator[dict[str, str]]:
        """Skips the test at hand when a part of ``backing`` is not here."""
        if backing == "sqlite+memory":
            shutil.copytree(self._migrated_directory, directory)
            yield {"DATA_DIR": str(directory)}
            return
        postgres = parts.require("PostgreSQL", self._services.postgres)
        redis = parts.require("Redis", self._services.redis)
        with self._database(postgres) as database_url, _redis_database(redis) as redis_url:
            yield self._production(directory, database_url) | {"REDIS_URL": redis_url}

    @contextmanager
    def _database(self, postgres: Part) -> Iterator[str]:
        url = postgres_databases.own_url(postgres.address)
        postgres_databases.create(postgres.address, url, template_url=self._migrated_database)
        try:
            yield url
        finally:
            postgres_databases.drop(postgres.address, url)

    @cached_property
    def _migrated_directory(self) -> Path:
        directory = self._directory / "sqlite"
        _migrate({"DATA_DIR": str(directory)})
        return directory

    @cached_property
    def _migrated_database(self) -> str:
        assert self._services.postgres is not None
        url = postgres_databases.own_url(self._services.postgres.address)
        postgres_databases.create(self._services.postgres.address, url)
        _migrate(self._production(self._directory / "postgres", url))
        return url

    def _production(self, directory: Path, database_url: str) -> dict[str, str]:
        """The production settings, without the TLS proxy that would stand before them."""
        return self._secrets | {
            "DATABASE_URL": database_url,
            "DATA_DIR": str(directory),
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "GATEWAY_HTTPS": "false",
        }

    def close(self) -> None:
        """Drop the database that the others were copied from."""
        if self._services.postgres and "_migrated_database" in vars(self):
            postgres_databases.drop(self._services.postgres.address, self._migrated_database)


@contextmanager
def _redis_database(redis: Part) -> Iterator[str]:
    url = redis_databases.claim(redis.address)
    try:
        yield url
    finally:
        redis_databases.release(url)


def _migrate(environment: dict[str, str]) -> None:
    host = host_of(clean_environment(**environment))
    host.run("migrate", "--no-input", "--verbosity", "0").check_returncode()
