from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings as project_settings

from connections.calling.client_of_settings import make_client
from limits.admission.gate import gate
from limits.loading import rule_of
from limits.matches import Matched
from limits.meters.interface import Ask, MeterKind
from limits.meters.memory import MemoryMeters
from limits.models import Limit
from limits.reading.meters_now import read_now
from limits.reading.own_use import question
from limits.reading.usage_now import used_now
from models_registry.registry import Registry, activate
from tests.limits.builders import make_limit
from tests.limits.redis_store import running

BUCKET = Ask("987:u1:requests", MeterKind.BUCKET, 20, 3, 3, 60_000_000)
SLOTS = Ask("987:u1:concurrency", MeterKind.SLOTS, 5, 1, 1)
PERIOD = Ask("987:u1:0:requests", MeterKind.PERIOD, 20, 1, 1, 0, 9e9)


@pytest.fixture
def worker(settings) -> Iterator[MemoryMeters]:
    """The meters of a process that serves."""
    settings.REDIS_URL = ""
    activate(Registry(make_client()))
    gate.use(meters := MemoryMeters())
    yield meters
    activate(None)
    gate.use(MemoryMeters())


def used(*asks: Ask) -> list[int | None]:
    return [reading and reading.used for reading in read_now(asks)]


def test_a_worker_asks_its_own_meters(worker: MemoryMeters) -> None:
    async_to_sync(worker.take)("req_1", [BUCKET, SLOTS])
    assert used(BUCKET, SLOTS, PERIOD) == [3, 1, None]


def test_another_process_asks_redis(redis_server) -> None:
    async def taken_and_read() -> list[int | None]:
        async with running(project_settings.REDIS_URL) as meters:
            await meters.take("req_look", [BUCKET, SLOTS])
            return await asyncio.to_thread(used, BUCKET, SLOTS, PERIOD)

    assert asyncio.run(taken_and_read()) == [3, 1, None]


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0"])
def test_nothing_is_known_without_redis(settings, url: str) -> None:
    settings.REDIS_URL = url
    assert used(BUCKET, PERIOD) == [None, None]
    assert used() == []


@pytest.mark.django_db
def test_what_meters_say_counts_before_what_the_database_says(worker: MemoryMeters) -> None:
    limit = make_limit(window="minute")
    ask = question(Matched.of(rule_of(limit), ""), 0.0)
    async_to_sync(worker.take)("req_1", [ask._replace(typical=7, worst=7)])
    [use] = used_now(Limit.objects.prefetch_related("changes").get())
    assert (use.used, use.left) == (7, 13)
    assert use.resets_at is not None
