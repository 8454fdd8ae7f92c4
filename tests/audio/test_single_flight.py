"""Answers made once for many."""

import asyncio
import gc
import weakref

import pytest

from audio.single_flight import TAIL_BYTES, Flights
from connections.calling.client import owned_responses

TURNS = 5  # of the event loop


class Maker:
    """Adds two parts, the second when it is told to."""

    def __init__(self, failure=None):
        self.made = 0
        self.was_cancelled = False
        self.may_go_on = asyncio.Event()
        self.failure = failure

    async def __call__(self, flight):
        self.made += 1
        try:
            flight.begin("audio/mpeg")
            await flight.add(b"one")
            await self.may_go_on.wait()
            if self.failure:
                raise self.failure
            await flight.add(b"two")
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


class Disk:
    """Takes what it is given, as long as it works."""

    def __init__(self):
        self.content = bytearray()
        self.is_working = True
        self.is_closed = False

    @property
    def written_bytes(self):
        return len(self.content)

    def write(self, data):
        if self.is_working:
            self.content += data

    async def read(self, position, size):
        return bytes(self.content[position : position + size])

    def close(self):
        self.is_closed = True


async def heard(listener):
    return b"".join([part async for part in listener.parts()])


async def test_all_hear_everything_and_it_is_made_once():
    flights, maker = Flights(), Maker()
    early = flights.join(("a",), maker)
    listening = asyncio.create_task(heard(early))
    await early.flight.begun()
    late = flights.join(("a",), maker)
    maker.may_go_on.set()
    assert await listening == await heard(late) == b"onetwo"
    assert maker.made == 1


async def test_what_is_complete_is_made_again():
    flights, maker = Flights(), Maker()
    maker.may_go_on.set()
    await heard(flights.join(("a",), maker))
    await asyncio.sleep(0)  # for the first one to be forgotten
    await heard(flights.join(("a",), maker))
    assert maker.made == 2


async def test_a_failure_reaches_every_listener():
    flights, maker = Flights(), Maker(failure=ValueError("no"))
    first, second = flights.join(("a",), maker), flights.join(("a",), maker)
    maker.may_go_on.set()
    for listener in (first, second):
        with pytest.raises(ValueError, match="no"):
            await heard(listener)


async def test_a_failure_that_all_have_heard_leaves_no_garbage():
    owned_responses.set(None)  # an earlier test may have left those of a request, which keep it
    maker = Maker(failure=ValueError("no"))
    maker.may_go_on.set()
    gc.disable()
    try:
        listener = Flights().join(("a",), maker)
        with pytest.raises(ValueError, match="no"):
            await heard(listener)
        await listener.aclose()
        flight = weakref.ref(listener.flight)
        maker.failure = listener = None
        for _ in range(TURNS):  # for its task to end, and what the loop still has to call
            await asyncio.sleep(0)
        assert flight() is None
    finally:
        gc.enable()


async def test_a_failure_before_the_beginning_is_raised_there():
    async def fail(flight):
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        await Flights().join(("a",), fail).flight.begun()


async def test_the_last_to_leave_ends_it():
    flights, maker = Flights(), Maker()
    first, second = flights.join(("a",), maker), flights.join(("a",), maker)
    await first.flight.begun()
    await first.aclose()
    await asyncio.sleep(0)
    assert not maker.was_cancelled
    await second.aclose()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert maker.was_cancelled


async def test_whoever_comes_after_the_last_one_left_gets_a_new_one():
    flights, maker = Flights(), Maker()
    abandoned = flights.join(("a",), maker)
    await abandoned.flight.begun()
    await abandoned.aclose()
    fresh = flights.join(("a",), maker)
    maker.may_go_on.set()
    assert fresh.flight is not abandoned.flight
    assert await heard(fresh) == b"onetwo"


async def test_a_request_that_ends_leaves():
    owned = []
    owned_responses.set(owned)
    flights, maker = Flights(), Maker()
    flight = flights.join(("a",), maker).flight
    await flight.begun()
    for closable in owned:
        await closable.aclose()
    assert flight.is_abandoned


async def test_what_the_maker_opens_is_not_the_first_listeners():
    owned_responses.set([])
    seen = []

    async def make(flight):
        seen.append(owned_responses.get())
        flight.begin("audio/mpeg")

    await Flights().join(("a",), make).flight.begun()
    assert seen == [[]]


async def test_what_the_maker_opens_is_closed_when_it_fails():
    class Opened:
        is_closed = False

        async def aclose(self):
            self.is_closed = True

    opened = Opened()

    async def fail(flight):
        owned_responses.get().append(opened)
        raise ValueError("no")

    listener = Flights().join(("a",), fail)
    with pytest.raises(ValueError, match="no"):
        await heard(listener)
    await asyncio.sleep(0)
    assert opened.is_closed


async def until(condition):
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("It never came to that.")


PARTS = [bytes([number]) * 100_000 for number in range(20)]  # four times what is held in memory


def spoken(disk):
    async def make(flight):
        flight.begin("audio/mpeg")
        flight.backing = disk
        for part in PARTS:
            disk.write(part)
            await flight.add(part)

    return make


async def test_only_the_end_is_in_memory_and_the_rest_on_disk():
    disk, flights = Disk(), Flights()
    late = flights.join(("a",), spoken(disk))
    await until(lambda: late.flight.is_complete)
    assert late.flight.held_bytes <= TAIL_BYTES
    assert await heard(late) == b"".join(PARTS)
    await late.aclose()
    assert disk.is_closed


async def test_a_file_cut_short_by_others_is_an_error_and_not_an_end():
    disk, flights = Disk(), Flights()
    listener = flights.join(("a",), spoken(disk))
    await until(lambda: listener.flight.is_complete)
    del disk.content[1000:]
    with pytest.raises(EOFError):
        await heard(listener)


async def test_without_a_disk_it_waits_for_the_slowest():
    disk, flights = Disk(), Flights()
    disk.is_working = False
    slow, fast = (flights.join(("a",), spoken(disk)) for _ in range(2))
    assert slow.flight is fast.flight
    slow_parts = slow.parts()
    first = await anext(slow_parts)
    hearing = asyncio.create_task(heard(fast))
    await until(lambda: slow.flight.held_bytes > TAIL_BYTES)
    assert not hearing.done()
    assert slow.flight.held_bytes <= TAIL_BYTES + len(PARTS[0])
    rest = [part async for part in slow_parts]
    assert first + b"".join(rest) == await hearing == b"".join(PARTS)


async def test_without_a_disk_it_does_not_wait_for_who_left():
    disk, flights = Disk(), Flights()
    disk.is_working = False
    gone, fast = (flights.join(("a",), spoken(disk)) for _ in range(2))
    hearing = asyncio.create_task(heard(fast))
    await until(lambda: gone.flight.held_bytes > TAIL_BYTES)
    await gone.aclose()
    assert await hearing == b"".join(PARTS)


async def test_who_would_miss_the_beginning_gets_a_flight_of_its_own():
    disk, flights = Disk(), Flights()
    disk.is_working = False
    early = flights.join(("a",), spoken(disk))
    parts = early.parts()
    while early.flight.is_joinable:
        await anext(parts)
    late = flights.join(("a",), spoken(disk))
    assert late.flight is not early.flight
    assert await heard(late) == b"".join(PARTS)


async def test_a_disk_that_fails_in_the_middle_loses_nothing():
    disk, flights = Disk(), Flights()

    async def make(flight):
        flight.begin("audio/mpeg")
        flight.backing = disk
        for number, part in enumerate(PARTS):
            disk.is_working = number < 10
            disk.write(part)
            await flight.add(part)

    slow, fast = (flights.join(("a",), make) for _ in range(2))
    first, second = await asyncio.gather(heard(slow), heard(fast))
    assert first == second == b"".join(PARTS)
