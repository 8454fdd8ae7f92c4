"""Where a live gateway keeps its data: migrated once for a run, copied for each gateway."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import parts, postgres_databases, redis_databases, run
from tests.support.parts import Part, Services

BACKINGS = ("sqlite+memory", "postgres+redis")
# For modules that try what no store has a part in.
on_one_backing = pytest.mark.parametrize("gateway", BACKINGS[:1], indirect=True, scope="module")


class Stores:
    """Opens stores for gateways. Each value is the environment that points a gateway at them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @contextmanager
    def open(
        self, backing: str, directory: Path, *, is_migrated: bool = True
    ) -> Iterator[dict[str, str]]:
        """Skips the test at hand when a part of ``backing`` is not here.

        With PostgreSQL the database can be an empty one, that is not migrated.
        """
        if backing == "sqlite+memory":
            shutil.copytree(run.migrated_directory(), directory)
            yield {"DATA_DIR": str(directory)}
            return
        postgres = parts.require("PostgreSQL", self._services.postgres)
        redis = parts.require("Redis", self._services.redis)
        template = run.migrated_database(postgres.address) if is_migrated else ""
        with (
            self._database(postgres, template) as database_url,
            _redis_database(redis) as redis_url,
        ):
            yield run.production(directory, database_url) | {"REDIS_URL": redis_url}

    @contextmanager
    def _database(self, postgres: Part, template: str) -> Iterator[str]:
        url = postgres_databases.own_url(postgres.address)
        postgres_databases.create(postgres.address, url, template_url=template)
        try:
            yield url
        finally:
            postgres_databases.drop(postgres.address, url)


@contextmanager
def _redis_database(redis: Part) -> Iterator[str]:
    url = redis_databases.claim(redis.address)
    try:
        yield url
    finally:
        redis_databases.release(url)
