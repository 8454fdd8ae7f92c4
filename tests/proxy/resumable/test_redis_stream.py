"""What is kept of a stream in Redis."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from proxy.resumable import redis_clients, redis_stream
from proxy.resumable.recording import Recording
from tests.support.processes import PATIENCE_SECONDS

# redis-py leaves a connection that was still being opened to the garbage collector, which says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
async def endless(redis_server, settings):
    """The id of a stream that goes on, of which nothing is there yet."""
    async with Redis.from_url(settings.REDIS_URL) as client:
        await client.set("gatehouse:stream:req_endless:alive", b"1", ex=60)
        yield "req_endless"
        await client.delete("gatehouse:stream:req_endless:alive")
    await redis_clients.aclose()


async def test_a_reader_that_is_cancelled_ends_whatever_it_was_about(endless) -> None:
    async def read() -> None:
        async for _ in redis_stream.after(endless, 0):
            raise AssertionError

    assert await lost_cancellations(read) == []


async def test_a_look_up_that_is_cancelled_ends_whatever_it_was_about(endless) -> None:
    async def look_up() -> None:
        await redis_stream.owner_of(endless)
        await asyncio.Event().wait()

    assert await lost_cancellations(look_up, turns=40) == []


async def test_a_recording_that_can_be_found_has_a_sign_of_life(redis_server, settings) -> None:
    key, recording = "gatehouse:stream:req_silent", Recording(owner="alice", limit_bytes=100)
    async with Redis.from_url(settings.REDIS_URL) as client:
        writing = asyncio.ensure_future(redis_stream.copy(recording, "req_silent"))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await client.exists(f"{key}:owner"):  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert await client.exists(f"{key}:alive")
        recording.complete()
        assert await writing
        await client.delete(key, f"{key}:owner", f"{key}:alive")
    await redis_clients.aclose()


async def lost_cancellations(work: Callable[[], Awaitable[None]], turns: int = 200) -> list[int]:
    """The turns of the loop at which ``work`` goes on although it was cancelled."""

    async def cancelled_after(turns: int) -> bool:
        reading = asyncio.ensure_future(work())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        done, _ = await asyncio.wait([reading], timeout=1)
        reading.cancel()
        return bool(done)

    lost = [turn for turn in range(turns) if not await cancelled_after(turn)]
    gc.collect()  # here, where what it says is ignored
    return lost
