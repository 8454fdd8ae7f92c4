"""Meters behind Sentinels, whose master dies."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from limits.meters.interface import MetersUnavailableError, Unknown
from tests.limits.contract import Subject, name
from tests.limits.redis_store import RedisStore, running
from tests.support import parts
from tests.support.sentinels import sentinels

pytestmark = pytest.mark.acceptance

# As in the failover of a whole gateway: Sentinels without CPU for two seconds rest for 30 more.
ELECTION_SECONDS = 180


@pytest.fixture
def watched(tmp_path):
    program = parts.require("redis-server", parts.program("redis-server"))
    with sentinels(program, tmp_path) as watched:
        yield watched


@pytest.mark.timeout(ELECTION_SECONDS + 120)
async def test_a_new_master_is_told_what_runs_and_what_is_not_stored(watched):
    async with running(watched.url) as meters:
        subject = Subject(RedisStore(watched.url, meters))
        await subject.known(10, 1)
        await subject.take(subject.of_period(100, 20), subject.of_slots(5))
        await subject.settle(name(), subject.used_of_period(3))
        watched.master.kill()
        async with asyncio.timeout(ELECTION_SECONDS):
            while not await is_unknown(subject):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.2)
        await subject.known(10, 1)
        asks = [subject.of_period(100, 0), subject.of_slots(5)]
        assert [await subject.used(ask) for ask in asks] == [33, 1]


async def is_unknown(subject: Subject) -> bool:
    """Whether there is a master that was told: it waits for the base of the period."""
    with suppress(MetersUnavailableError):
        found = await subject.take(subject.of_period(100, 0))
        return found == Unknown((subject.period,))
    return False
