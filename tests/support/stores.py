"""Where a live gateway keeps its data: migrated once for a run, copied for each gateway."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import parts, run
from tests.support.parts import Services
from tests.support.slots import Slots

BACKINGS = ("sqlite+memory", "postgres+redis")
# For modules that try what no store has a part in.
on_one_backing = pytest.mark.parametrize("gateway", BACKINGS[:1], indirect=True, scope="module")


class Stores:
    """Opens stores for gateways. Each value is the environment that points a gateway at them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._on_sqlite = Slots("sqlite")
        self._on_postgres = Slots("postgres")

    @contextmanager
    def open(
        self, backing: str, directory: Path, *, is_migrated: bool = True
    ) -> Iterator[dict[str, str]]:
        """Skips the test at hand when a part of ``backing`` is not here.

        With PostgreSQL the database can be an empty one, that is not migrated.
        """
        if backing == "sqlite+memory":
            with self._on_sqlite.taken(directory) as slot:
                shutil.copytree(run.migrated_directory(), slot.path)
                yield {"DATA_DIR": str(slot.path)}
            return
        postgres = parts.require("PostgreSQL", self._services.postgres)
        redis = parts.require("Redis", self._services.redis)
        template = run.migrated_database(postgres.address) if is_migrated else ""
        with (
            self._on_postgres.taken(directory) as slot,
            slot.database(postgres.address, template) as database_url,
            slot.redis(redis.address) as redis_url,
        ):
            yield run.production(slot.path, database_url) | {"REDIS_URL": redis_url}
