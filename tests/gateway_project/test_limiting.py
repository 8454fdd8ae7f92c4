"""Where a worker counts what is used of limits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from gateway_project.limiting import reload_limits, running_limits
from limits.admission.gate import gate
from limits.checks import WORKERS_VARIABLE
from limits.counting.periods import periods
from limits.meters.interface import Ask, MeterKind, Refused, Taken
from limits.meters.outage import ResilientMeters
from limits.models import Limit

ASK = Ask("1::concurrency", MeterKind.SLOTS, 8, 1, 1)


async def admitted(number: int = 20) -> int:
    """How many of so many requests that run at once fit."""
    found = [await gate.meters.take(f"r{n}", [ASK]) for n in range(number)]
    assert {type(one) for one in found} <= {Taken, Refused}
    return sum(isinstance(one, Taken) for one in found)


@pytest.mark.parametrize(("workers", "part"), [("", 8), ("1", 8), ("4", 2), ("some", 8)])
async def test_a_worker_without_redis_admits_its_part(
    monkeypatch: pytest.MonkeyPatch, workers: str, part: int
) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, workers)
    async with running_limits(""):
        assert await admitted() == part
        assert periods.on_flushed == gate.meters.flushed
    assert periods.on_flushed is None
    assert await admitted() == 8


@pytest.mark.usefixtures("redis_server")
async def test_workers_with_redis_share_the_amount(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WORKERS_VARIABLE, "4")
    async with running_limits(settings.REDIS_URL):
        assert isinstance(gate.meters, ResilientMeters)
        assert gate.meters.live_workers in {1, 4}  # until Redis tells


@pytest.mark.django_db(transaction=True)
async def test_limits_are_taken_up_and_let_go() -> None:
    await sync_to_async(Limit.objects.create)(
        label="all", subject_kind="everyone", metric="requests", amount=Decimal(5), window="minute"
    )
    async with running_limits(""):
        assert gate.book.is_empty
        await reload_limits()
        assert [rule.label for rule in gate.book.rules] == ["all"]
    assert gate.book.is_empty
