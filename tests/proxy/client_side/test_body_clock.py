"""How long a body may take: the client's time, not an upstream's."""

import asyncio

import pytest

from proxy.client_side import body_clock
from proxy.client_side.body_clock import BodyClock
from proxy.client_side.errors import RequestTimeoutError


class Time:
    """The time of the event loop, which goes on when it is told to; nothing really waits."""

    def __init__(self, loop):
        self._time = loop.time
        self._ahead = 0.0
        loop.time = lambda: self._time() + self._ahead

    async def sleep(self, seconds):
        self._ahead += seconds
        for _ in range(3):  # timers that are due run
            await asyncio.sleep(0)


@pytest.fixture
async def time():
    loop = asyncio.get_running_loop()
    yield Time(loop)
    del loop.time  # the method is back


def dripping(sleep, seconds, data=b"x"):
    async def receive():
        await sleep(seconds)
        return {"type": "http.request", "body": data, "more_body": True}

    return receive


async def read(clock, *, times):
    for _ in range(times):
        await clock.receive()


async def test_a_drip_has_an_end(time):
    clock = BodyClock(dripping(time.sleep, 20), seconds=1000)
    await read(clock, times=49)
    with pytest.raises(RequestTimeoutError) as told:
        await read(clock, times=3)
    assert told.value.headers == {"connection": "close"}


async def test_a_body_that_is_there_is_taken_however_little_time_there_is():
    clock = BodyClock(dripping(asyncio.sleep, 0), seconds=0)
    for _ in range(10):
        assert (await clock.receive())["body"] == b"x"


async def test_what_comes_fast_enough_earns_its_time(time):
    second = body_clock.SLOWEST_BYTES_PER_SECOND
    clock = BodyClock(dripping(time.sleep, 50, b"x" * second * 51), seconds=100)
    await read(clock, times=20)


async def test_the_time_between_two_parts_is_not_the_clients(time):
    clock = BodyClock(dripping(time.sleep, 0), seconds=100)
    await clock.receive()
    await time.sleep(1000)
    await clock.receive()


async def test_a_long_pause_is_the_end_whatever_was_earned(monkeypatch):
    monkeypatch.setattr(body_clock, "LONGEST_PAUSE_SECONDS", 0.01)
    with pytest.raises(RequestTimeoutError):
        await BodyClock(dripping(asyncio.sleep, 60), seconds=1000).receive()


async def test_a_cancellation_of_others_is_not_taken_for_its_own():
    reading = asyncio.create_task(BodyClock(dripping(asyncio.sleep, 60), seconds=60).receive())
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
