from __future__ import annotations

import pytest
from django.conf import settings

from tests.limits.contract import MetersContract
from tests.limits.redis_store import RedisStore, running


@pytest.fixture
async def store(redis_server):
    async with running(settings.REDIS_URL) as meters:
        yield RedisStore(settings.REDIS_URL, meters)


class TestRedisMeters(MetersContract):
    pass
