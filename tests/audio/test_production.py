"""Answers made once for many."""

import asyncio

import pytest

from audio.production import Productions
from connections.client import owned_responses


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
            production.add(b"one")
            await self.may_go_on.wait()
            if self.failure:
                raise self.failure
            production.add(b"two")
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise


async def heard(production):
    return b"".join([part async for part in production.parts()])


async def test_all_hear_everything_and_it_is_made_once():
    productions, maker = Productions(), Maker()
    early = productions.join(("a",), maker)
    listening = asyncio.create_task(heard(early))
    await early.begun()
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
    for production in (first, second):
        with pytest.raises(ValueError, match="no"):
            await heard(production)


async def test_a_failure_before_the_beginning_is_raised_there():
    async def fail(production):
        raise ValueError("at once")

    with pytest.raises(ValueError, match="at once"):
        await Productions().join(("a",), fail).begun()


async def test_the_last_to_leave_ends_it():
    productions, maker = Productions(), Maker()
    production = productions.join(("a",), maker)
    productions.join(("a",), maker)
    await production.begun()
    production.leave()
    await asyncio.sleep(0)
    assert not maker.was_cancelled
    production.leave()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert maker.was_cancelled


async def test_whoever_comes_after_the_last_one_left_gets_a_new_one():
    productions, maker = Productions(), Maker()
    abandoned = productions.join(("a",), maker)
    await abandoned.begun()
    abandoned.leave()
    fresh = productions.join(("a",), maker)
    maker.may_go_on.set()
    assert fresh is not abandoned
    assert await heard(fresh) == b"onetwo"


async def test_a_request_that_ends_leaves():
    owned = []
    owned_responses.set(owned)
    productions, maker = Productions(), Maker()
    production = productions.join(("a",), maker)
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

    await Productions().join(("a",), make).begun()
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

    production = Productions().join(("a",), fail)
    with pytest.raises(ValueError, match="no"):
        await heard(production)
    await asyncio.sleep(0)
    assert opened.is_closed
