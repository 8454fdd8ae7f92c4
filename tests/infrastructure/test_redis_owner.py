from __future__ import annotations

import asyncio
import logging

import pytest
import redis
from django.conf import settings

from infrastructure.redis_owner import HELD_SECONDS, KEY, claimed, is_of_another, keep


@pytest.fixture
def nobodys(redis_server):
    """A Redis whose owner is forgotten before and after."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        before = client.get(KEY)
        client.delete(KEY)
        yield client
        client.delete(KEY)
        if before is not None:
            client.set(KEY, before, ex=HELD_SECONDS)


async def test_the_first_gateway_has_it_and_the_second_is_told(nobodys, settings, caplog) -> None:
    url = settings.REDIS_URL
    assert not is_of_another(url)
    assert await claimed(url)
    assert await claimed(url)  # another worker of the same gateway
    assert 0 < nobodys.ttl(KEY) <= HELD_SECONDS
    settings.SECRET_KEY = "x" * 50
    assert is_of_another(url)
    with caplog.at_level(logging.ERROR), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):  # it says so at once, and again every ten minutes
            await keep(url)
    assert "Another gateway" in caplog.text
    assert not await claimed(url)


async def test_without_redis_there_is_nothing_to_hold() -> None:
    await keep("")
