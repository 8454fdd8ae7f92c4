"""What is kept of a stream in Redis."""

import asyncio

import pytest
from redis.asyncio import Redis

from proxy.resumable import redis_stream


@pytest.fixture
async def endless(redis_server, settings):
    """The id of a stream that goes on, of which nothing is there yet."""
    async with Redis.from_url(settings.REDIS_URL) as client:
        await client.set("gatehouse:stream:req_endless:alive", b"1", ex=60)
        yield "req_endless"
        await client.delete("gatehouse:stream:req_endless:alive")


async def test_a_reader_that_is_cancelled_ends_whatever_it_was_about(endless) -> None:
    async def read() -> None:
        async for _ in redis_stream.after(endless, 0):
            raise AssertionError

    async def cancelled_after(turns: int) -> bool:
        reading = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        done, _ = await asyncio.wait([reading], timeout=1)
        reading.cancel()
        return bool(done)

    assert [turns for turns in range(200) if not await cancelled_after(turns)] == []
