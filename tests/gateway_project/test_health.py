from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from django.db.migrations.recorder import MigrationRecorder

from connections.calling.client import UpstreamClient
from gateway_project import health
from gateway_project.health import answer_health
from models_registry.registry import Registry, activate
from tests.support.asgi import AsgiClient
from tests.support.processes import free_port

Migration = MigrationRecorder.Migration


def no_upstream(request: httpx.Request) -> httpx.Response:
    raise AssertionError(request.url)


@pytest.fixture
def running() -> Iterator[None]:
    """A gateway that is up. None of its upstreams may be asked."""
    health.dependencies._asked_at = float("-inf")
    activate(Registry(UpstreamClient(httpx.MockTransport(no_upstream))))
    yield
    activate(None)
    health.dependencies._asked_at = float("-inf")


async def ready() -> tuple[int, dict]:
    client = await AsgiClient("GET", "/readyz").through(answer_health)
    assert client.headers["cache-control"] == "no-store"
    return client.status, client.json


async def test_a_gateway_that_is_starting_is_not_ready() -> None:
    activate(None)
    assert await ready() == (503, {"status": "starting"})


@pytest.mark.django_db(transaction=True)
async def test_a_running_gateway_is_ready(running, settings) -> None:
    settings.REDIS_URL = ""
    assert await ready() == (200, {"status": "ok", "database": "ok"})


@pytest.mark.django_db(transaction=True)
async def test_a_gateway_without_its_redis_is_degraded(running, settings) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    assert await ready() == (200, {"status": "degraded", "database": "ok", "redis": "down"})


@pytest.mark.django_db(transaction=True)
async def test_many_who_ask_cost_one_question(running, settings, monkeypatch) -> None:
    settings.REDIS_URL = ""
    loop = asyncio.get_running_loop()
    run_in_executor, jobs = loop.run_in_executor, []

    def counted(executor, job, *args):
        jobs.append(job)
        return run_in_executor(executor, job, *args)

    monkeypatch.setattr(loop, "run_in_executor", counted)
    answers = await asyncio.gather(*(ready() for _ in range(20)))
    assert answers == [(200, {"status": "ok", "database": "ok"})] * 20
    assert len(jobs) == 1


@pytest.mark.django_db(transaction=True)
async def test_a_gateway_whose_database_is_not_migrated_is_not_ready(running, settings) -> None:
    settings.REDIS_URL = ""
    last = await Migration.objects.filter(app="usage").order_by("name").alast()
    await last.adelete()
    status, told = await ready()
    await Migration.objects.acreate(app="usage", name=last.name)
    assert (status, told["status"]) == (503, "migration_pending")
    assert f"usage.{last.name}" in told["reason"]


@pytest.mark.django_db(transaction=True)
async def test_a_database_of_a_later_version_is_told_and_ready(running, settings) -> None:
    settings.REDIS_URL = ""
    row = await Migration.objects.acreate(app="usage", name="9999_later")
    status, told = await ready()
    await row.adelete()
    assert (status, told["status"], told["database"]) == (200, "ok", "ok")
    assert "usage.9999_later" in told["warning"]
