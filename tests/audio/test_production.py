"""Answers made once for many."""

import asyncio

import pytest

from audio.production import TAIL_BYTES, Productions
from connections.calling.client import owned_responses


class Maker:
    """Adds two parts, the second when it is told to."""

    def __init__(self, failure=None):
        self.made = 0
        self.was_cancelled = False
        self.may_go_on = asyncio.Event()
        self.failure = failure

    async def __call__(self, production):
        self.made += 1
        try:
            production.begin("audio/mpeg")
            await production.add(b"one")
            await self.may_go_on.wait()
            if self.failure:
                raise self.failure
            await production.add(b"two")
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
    productions, maker = Productions(), Maker()
    early = productions.join(("a",), maker)
    listening = asyncio.create_task(heard(early))
    await early.production.begun()
    late = productions.join(("a",), maker)
    maker.may_go_on.set()
    assert await listening == await heard(late) == b"onetwo"
    assert maker.made == 1


async def test_what_is_complete_is_made_anew():
    productions, maker = Productions(), Maker()
    maker.may_go_on.set()
    await heard(productions.join(("a",), maker))
    await asyncio.sleep(0)  # for the first one to be forgotten
    await heard(productions.join(("a",), maker))
    assert maker.made == 2


async def test_a_failure_reaches_every_listener():
    productions, maker = Productions(), Maker(failure=ValueError("no"))
    first, second = productions.join(("a",), maker), productions.join(("a",), maker)
    maker.may_go_on.set()
    for listener in (first, second):
        with pytest.raises(ValueError, match="no"):
            await heard(listener)


async def test_a_failure_before_the_beginning_is_raised_there():
    async def fail(production):
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        await Productions().join(("a",), fail).production.begun()


async def test_the_last_to_leave_ends_it():
    productions, maker = Productions(), Maker()
    first, second = productions.join(("a",), maker), productions.join(("a",), maker)
    await first.production.begun()
    await first.aclose()
    await asyncio.sleep(0)
    assert not maker.was_cancelled
    await second.aclose()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert maker.was_cancelled


async def test_whoever_comes_after_the_last_one_left_gets_a_new_one():
    productions, maker = Productions(), Maker()
    abandoned = productions.join(("a",), maker)
    await abandoned.production.begun()
    await abandoned.aclose()
    fresh = productions.join(("a",), maker)
    maker.may_go_on.set()
    assert fresh.production is not abandoned.production
    assert await heard(fresh) == b"onetwo"


async def test_a_request_that_ends_leaves():
    owned = []
    owned_responses.set(owned)
    productions, maker = Productions(), Maker()
    production = productions.join(("a",), maker).production
    await production.begun()
    for closable in owned:
        await closable.aclose()
    assert production.is_abandoned


async def test_what_the_maker_opens_is_not_the_first_listeners():
    owned_responses.set([])
    seen = []

    async def make(production):
        seen.append(owned_responses.get())
        production.begin("audio/mpeg")

    await Productions().join(("a",), make).production.begun()
    assert seen == [[]]


async def test_what_the_maker_opens_is_closed_when_it_fails():
    class Opened:
        is_closed = False

        async def aclose(self):
            self.is_closed = True

    opened = Opened()

    async def fail(production):
        owned_responses.get().append(opened)
        raise ValueError("no")

    listener = Productions().join(("a",), fail)
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
    async def make(production):
        production.begin("audio/mpeg")
        production.backing = disk
        for part in PARTS:
            disk.write(part)
            await production.add(part)

    return make


async def test_only_the_end_is_in_memory_and_the_rest_on_disk():
    disk, productions = Disk(), Productions()
    late = productions.join(("a",), spoken(disk))
    await until(lambda: late.production._is_complete)
    assert len(late.production._tail) <= TAIL_BYTES
    assert await heard(late) == b"".join(PARTS)
    await late.aclose()
    assert disk.is_closed


async def test_a_file_cut_short_by_others_is_an_error_and_not_an_end():
    disk, productions = Disk(), Productions()
    listener = productions.join(("a",), spoken(disk))
    await until(lambda: listener.production._is_complete)
    del disk.content[1000:]
    with pytest.raises(EOFError):
        await heard(listener)


async def test_without_a_disk_it_waits_for_the_slowest():
    disk, productions = Disk(), Productions()
    disk.is_working = False
    slow, fast = (productions.join(("a",), spoken(disk)) for _ in range(2))
    assert slow.production is fast.production
    slow_parts = slow.parts()
    first = await anext(slow_parts)
    hearing = asyncio.create_task(heard(fast))
    await until(lambda: len(slow.production._tail) > TAIL_BYTES)
    assert not hearing.done()
    assert len(slow.production._tail) <= TAIL_BYTES + len(PARTS[0])
    rest = [part async for part in slow_parts]
    assert first + b"".join(rest) == await hearing == b"".join(PARTS)


async def test_without_a_disk_it_does_not_wait_for_who_left():
    disk, productions = Disk(), Productions()
    disk.is_working = False
    gone, fast = (productions.join(("a",), spoken(disk)) for _ in range(2))
    hearing = asyncio.create_task(heard(fast))
    await until(lambda: len(gone.production._tail) > TAIL_BYTES)
    await gone.aclose()
    assert await hearing == b"".join(PARTS)


async def test_who_would_miss_the_beginning_gets_one_made_anew():
    disk, productions = Disk(), Productions()
    disk.is_working = False
    early = productions.join(("a",), spoken(disk))
    parts = early.parts()
    while early.production._tail_start == 0:
        await anext(parts)
    late = productions.join(("a",), spoken(disk))
    assert late.production is not early.production
    assert await heard(late) == b"".join(PARTS)


async def test_a_disk_that_fails_in_the_middle_loses_nothing():
    disk, productions = Disk(), Productions()

    async def make(production):
        production.begin("audio/mpeg")
        production.backing = disk
        for number, part in enumerate(PARTS):
            disk.is_working = number < 10
            disk.write(part)
            await production.add(part)

    slow, fast = (productions.join(("a",), make) for _ in range(2))
    first, second = await asyncio.gather(heard(slow), heard(fast))
    assert first == second == b"".join(PARTS)
