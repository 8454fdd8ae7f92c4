"""How many connections to Redis a worker has, and for what."""

import asyncio
from contextlib import AsyncExitStack

from proxy.resumable import leases, redis_stream
from proxy.resumable.redis_clients import MOST, Connections, connections, reading_connections
from tests.support.processes import PATIENCE_SECONDS


async def test_connections_are_as_many_as_may_be(store):
    lent = Connections(most=2)
    open_at_once = 0
    most = 0

    async def use():
        nonlocal open_at_once, most
        async with lent.one() as client:
            open_at_once += 1
            most = max(most, open_at_once)
            await client.ping()
            open_at_once -= 1

    await asyncio.gather(*(use() for _ in range(20)))
    assert most == 2
    await lent.aclose()


async def test_a_connection_that_is_cancelled_leaves_its_place(store):
    lent = Connections(most=1)

    async def wait():
        async with lent.one() as client:
            await client.blpop("gatehouse:nothing", timeout=0)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(PATIENCE_SECONDS), lent.one() as client:
        assert await client.ping()
    await lent.aclose()


async def test_readers_that_hold_all_of_theirs_take_nothing_from_leases(store):
    async with AsyncExitStack() as held:
        for _ in range(MOST):
            await held.enter_async_context(reading_connections().one())
        taken = [await leases.take("ada", f"req_{number}") for number in range(3)]
    assert taken == [True, True, False]  # without Redis it would be True for all of them


async def test_look_ups_wait_for_readers_alone(store):
    async with AsyncExitStack() as held:
        for _ in range(MOST):
            await held.enter_async_context(connections().one())
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await redis_stream.owner_of("req_nobody") is None
