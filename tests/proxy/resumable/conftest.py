import pytest
from redis.asyncio import Redis

from proxy.resumable import redis_clients


@pytest.fixture
async def store(redis_server, settings):
    """A client of the Redis that recordings go to, and low caps; what is written there goes."""
    settings.GATEWAY_RESUMABLE_MAX_STREAMS = 2
    settings.GATEWAY_RESUMABLE_MAX_STREAMS_TOTAL = 3
    settings.GATEWAY_RESUMABLE_MAX_KEPT = 2
    settings.GATEWAY_RESUMABLE_KEY_BYTES = 100
    async with Redis.from_url(settings.REDIS_URL) as client:
        yield client
        if found := [key async for key in client.scan_iter("gatehouse:*")]:
            await client.delete(*found)
        await redis_clients.aclose()
