"""A budget admits what fits and refuses nothing that does, however many ask at once.

``make limits-proofs`` repeats it all; ``make test`` has the few repetitions that are the default.
"""

from __future__ import annotations

import asyncio
import os
import threading
from itertools import count

import httpx
import pytest

from tests.acceptance.limits.site import Crowd, Site, statuses
from tests.acceptance.limits.sums import amounts, period_sums
from tests.acceptance.resilience.routed import connection
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.scripted_upstream import answer, numbered

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

REPETITIONS = int(os.environ.get("LIMITS_REPETITIONS", "4"))
UNREFUSED = int(os.environ.get("LIMITS_UNREFUSED", "500"))
PARALLEL, CHATTERS, IN_A_ROW = 100, 50, 60
WORDS = 100
# Ten dollars for a million tokens of output, and nothing for the input.
PRICE = {"model": "one", "input_per_million": "0", "output_per_million": "10"}
COST = 1_000_000  # nano-dollars of a chat with so many words
DOLLARS = "0.001"  # the same


@pytest.fixture(scope="module", autouse=True)
def offered(site: Site) -> None:
    site.offer([connection("budgets", site.upstream, "one")])
    site.make(prices=[PRICE])
    site.upstream.tell(answer(numbered(WORDS)))


def budget(user: str, amount: str, **fields: object) -> dict[str, object]:
    """A limit of money for ``user``, once and for all."""
    label = f"budget of {user}"
    told = {"label": label, "user": user, "metric": "usd", "window": "total", "amount": amount}
    return told | fields


async def test_of_a_hundred_at_once_a_budget_for_one_admits_one(site: Site) -> None:
    people = [f"one-of-many-{number}" for number in range(REPETITIONS)]
    limits = [budget(user, DOLLARS) for user in people]
    keys, ids = await asyncio.to_thread(site.make, people, limits)
    before = site.upstream.hits()
    async with Crowd(site, most=PARALLEL) as crowd:
        for number, user in enumerate(people):
            gate = threading.Event()
            # In every second repetition the first is under way until all others are refused.
            site.upstream.tell(answer(numbered(WORDS), until=gate), times=1)
            if number % 2:
                gate.set()
            asks = [
                asyncio.create_task(crowd.chats(1, keys[user], model="one", max_tokens=WORDS))
                for _ in range(PARALLEL)
            ]
            if not number % 2:
                await answered(asks, PARALLEL - 1)
                gate.set()
            responses = [each for ask in asks for each in await ask]
            assert statuses(responses) == {200: 1, 429: PARALLEL - 1}, user
            refused = {r.json()["error"]["code"] for r in responses if r.status_code == 429}
            # The others are to come back where the first may leave something of what it holds.
            assert refused <= {"insufficient_quota", "rate_limit_exceeded"}
    assert site.upstream.hits() - before == REPETITIONS
    wanted = set(ids.values())

    def sums() -> list[int]:
        found = amounts(site, period_sums(site)).items()
        return [used for mark, used in found if mark.limit_id in wanted]

    await asyncio.to_thread(
        wait_until, lambda: sums() == [COST] * REPETITIONS, what="the cost of one in each period"
    )


async def answered(asks: list[asyncio.Task[list[httpx.Response]]], wanted: int) -> None:
    """Until so many of ``asks`` have got their response."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for done in asyncio.as_completed(asks):
            await done
            wanted -= 1
            if not wanted:
                return


async def test_at_a_third_of_a_budget_nobody_is_refused(site: Site) -> None:
    """At 30 % of a dollar; 50 chats at once hold half of one."""
    keys, _ = await asyncio.to_thread(site.make, ["unrefused"], [budget("unrefused", "1")])
    numbers = count(1)
    async with Crowd(site, most=CHATTERS) as crowd:
        site.upstream.tell(answer(numbered(30_000)), times=1)
        (spent,) = await crowd.chats(1, keys["unrefused"], model="one", max_tokens=30_000)
        assert spent.json()["usage"]["completion_tokens"] == 30_000
        site.upstream.tell(answer(("word ",)), times=UNREFUSED)

        async def go_on(*, is_streamed: bool) -> list[httpx.Response]:
            got: list[httpx.Response] = []
            while next(numbers) <= UNREFUSED:
                fields = {"model": "one", "max_tokens": 1000, "stream": is_streamed}
                got += await crowd.chats(1, keys["unrefused"], **fields)
            return got

        found = await asyncio.gather(*(go_on(is_streamed=n % 2 == 0) for n in range(CHATTERS)))
    assert statuses([each for some in found for each in some]) == {200: UNREFUSED}


async def test_one_after_another_passes_a_limit_of_one_at_once(site: Site) -> None:
    limit = {"label": "one at once", "user": "patient", "metric": "concurrency", "amount": "1"}
    keys, _ = await asyncio.to_thread(site.make, ["patient"], [limit])
    responses: list[httpx.Response] = []
    async with Crowd(site) as crowd:
        for number in range(IN_A_ROW):
            fields = {"model": "one", "max_tokens": 10, "stream": number % 2 == 0}
            responses += await crowd.chats(1, keys["patient"], **fields)
    assert statuses(responses) == {200: IN_A_ROW}
