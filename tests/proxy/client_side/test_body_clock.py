"""How long a body may take: the client's time, not an upstream's."""

import asyncio

import pytest

from proxy.client_side import body_clock
from proxy.client_side.body_clock import BodyClock
from proxy.client_side.errors import RequestTimeoutError
from tests.support.processes import PATIENCE_SECONDS


def dripping(seconds, data=b"x"):
    async def receive():
        await asyncio.sleep(seconds)
        return {"type": "http.request", "body": data, "more_body": True}

    return receive


async def read_on(clock):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await clock.receive()


async def test_a_drip_has_an_end():
    with pytest.raises(RequestTimeoutError) as told:
        await read_on(BodyClock(dripping(0.01), seconds=0.1))
    assert told.value.headers == {"connection": "close"}


async def test_a_body_that_is_there_is_taken_however_little_time_there_is():
    clock = BodyClock(dripping(0), seconds=0.5)
    for _ in range(10):
        assert (await clock.receive())["body"] == b"x"


async def test_what_comes_fast_enough_earns_its_time():
    second = body_clock.SLOWEST_BYTES_PER_SECOND
    clock = BodyClock(dripping(0.02, b"x" * second), seconds=0.1)
    for _ in range(20):
        await clock.receive()


async def test_the_time_between_two_parts_is_not_the_clients():
    clock = BodyClock(dripping(0), seconds=0.1)
    await clock.receive()
    await asyncio.sleep(0.2)
    await clock.receive()


async def test_a_long_pause_is_the_end_whatever_was_earned(monkeypatch):
    monkeypatch.setattr(body_clock, "LONGEST_PAUSE_SECONDS", 0.01)
    with pytest.raises(RequestTimeoutError):
        await BodyClock(dripping(60), seconds=1000).receive()


async def test_a_cancellation_of_others_is_not_taken_for_its_own():
    reading = asyncio.create_task(BodyClock(dripping(60), seconds=60).receive())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
