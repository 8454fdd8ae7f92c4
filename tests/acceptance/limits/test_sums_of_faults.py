"""Ledger, periods and meters have the same sums, whatever became of the requests.

``make limits-proofs`` sends ten thousand; ``make test`` has the few hundred that are the default.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Any

import httpx
import pytest

from tests.acceptance.limits.site import Crowd, Fields, Site, running_site
from tests.acceptance.limits.sums import equal_sums
from tests.acceptance.resilience.routed import connection, route
from tests.acceptance.resilience.table import ALWAYS
from tests.support.api import CHAT, HELLO
from tests.support.processes import wait_until
from tests.support.responders import chunk, head
from tests.support.scripted_upstream import (
    BilledUpstream,
    Script,
    Turn,
    answer,
    at_random,
    cut,
    ended,
    error_first,
    malformed,
    numbered,
    reset,
    silent,
    status,
)
from tests.support.stores import BACKINGS, Stores
from tests.usage.rows import rows_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1800)]

REQUESTS = int(os.environ.get("LIMITS_REQUESTS", "500"))
SEED = 7
CLIENTS = 24
USERS = ["ada", "bob", "cyd", "dot", "eve"]
LEFT = "left"  # falls silent in the middle, until its client goes away
PRICES: list[Fields] = [
    {
        "model": "dear",
        "input_per_million": "2.5",
        "cached_per_million": "0.333333",
        "output_per_million": "17.123457",
    },
    {"model": LEFT, "input_per_million": "1.1", "output_per_million": "9.87"},
    {"model": "cheap", "input_per_million": "0.000123", "output_per_million": "0.07"},
    {"model": "retried", "per_request": "0.000007", "output_per_million": "1.999999"},
]
MODELS = ["dear", "cheap", "retried", "unpriced"]
# Everyone's in each share, of each metric; one of them is used up on the way.
LIMITS: list[Fields] = [
    {"label": "dollars of each", "metric": "usd", "window": "month", "share": "each_user"},
    {"label": "dollars of all", "metric": "usd", "window": "day", "unpriced": "assume"},
    {"label": "dollars of a key", "metric": "usd", "window": "total", "share": "each_key"},
    {"label": "tokens", "metric": "tokens", "window": "week", "share": "each_user"},
    {"label": "output", "metric": "output_tokens", "window": "total"},
    {"label": "requests", "metric": "requests", "window": "day", "share": "each_key"},
    {"label": "at once", "metric": "concurrency", "window": ""},
    {"label": "a minute", "metric": "requests", "window": "minute"},
]
FEW = {"label": "few", "user": "eve", "metric": "usd", "window": "month", "amount": "0.004"}


PARTLY_CACHED = b'"prompt_tokens_details": {"cached_tokens": 4}, "total_tokens":'


async def cached(turn: Turn) -> None:
    """A success, of which a part of the input was cached where the format tells."""
    success = turn.success(numbered(5))
    turn.charge(5)
    if not turn.is_streamed:
        body = success.whole.replace(b'"total_tokens":', PARTLY_CACHED)
        await turn.send(head(content_type=success.media_type, content_length=len(body)) + body)
        return
    await turn.send(head(content_type="text/event-stream", transfer_encoding="chunked"))
    for event in (*success.start, *success.words, *success.ending):
        await turn.send(chunk(event.replace(b'"total_tokens":', PARTLY_CACHED)))
    await turn.send(chunk(b""))


# Two of three succeed, so that no breaker keeps requests away for long.
SCRIPTS: tuple[Script, ...] = (
    *(answer(numbered(length)) for length in (1, 3, 17, 40)),
    *(cached for _ in range(4)),
    *(answer() for _ in range(12)),
    status(500),
    status(500, is_charged=True),
    status(429, {"Retry-After": "1"}),
    reset,
    cut(after=0),
    cut(after=7),
    ended(after=9),
    error_first("server_error"),
    malformed(at=4),
)


@pytest.fixture(scope="module", params=BACKINGS)
def site(
    request: pytest.FixtureRequest,
    stores: Stores,
    upstream: BilledUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A site whose ledger is empty: new limits count what other tests had used before them."""
    directory = tmp_path_factory.mktemp("sums")
    with running_site(stores, request.param, directory, upstream) as site:
        yield site
        upstream.forget()


@pytest.fixture(scope="module", autouse=True)
def offered(site: Site) -> None:
    site.offer(
        [
            connection(name, site.upstream, *MODELS, LEFT, timeout_seconds=2)
            for name in ("first", "second")
        ],
        routes=[route("retried", "first", "second", policy=ALWAYS | {"max_attempts": 3})],
    )
    site.make(prices=PRICES)
    site.upstream.tell(at_random(Random(SEED), SCRIPTS))
    site.upstream.tell(silent(after=5), model=LEFT)


class Client:
    """Sends what chance says, and leaves before the end where chance says so."""

    def __init__(self, crowd: Crowd, keys: dict[str, list[str]], chance: Random) -> None:
        self._crowd, self._keys, self._chance = crowd, keys, chance
        self.told: set[str] = set()  # the ids of requests that were answered

    async def ask(self) -> None:
        key = self._chance.choice(self._keys[self._chance.choice(USERS)])
        path, body = self._request()
        leaves = self._chance.random() < 0.1 and path != "/v1/embeddings"
        if leaves:
            body |= {"model": LEFT, "stream": True}
        try:
            async with asyncio.timeout(self._chance.uniform(0, 0.3) if leaves else None):
                response = await self._crowd.post(key, path, body)
        except (TimeoutError, httpx.TransportError):
            return  # gone, or a stream that was broken off
        self.told.add(response.headers["x-request-id"])

    def _request(self) -> tuple[str, Fields]:
        path = self._chance.choice([CHAT, CHAT, "/v1/messages", "/v1/responses", "/v1/embeddings"])
        body: Fields = {"model": self._chance.choice(MODELS)}
        if path == "/v1/embeddings":
            return path, body | {"input": "Hello"}
        body |= {"stream": self._chance.random() < 0.5}
        if path == "/v1/responses":
            return path, body | {"input": "Hello"}
        most = {"max_tokens": self._chance.randint(16, 2000)}
        return path, body | {"messages": HELLO} | (
            most if path == "/v1/messages" or self._chance.random() < 0.5 else {}
        )


async def test_ledger_periods_and_meters_have_the_same_sums(site: Site) -> None:
    everyones = [
        {"subject_kind": "everyone", "unpriced": "free", "amount": "1000000"} | each
        for each in LIMITS
    ]
    made = [await asyncio.to_thread(site.make, USERS, [FEW, *everyones])]
    made.append(await asyncio.to_thread(site.make, USERS))
    keys = {user: [some[user] for some, _ in made] for user in USERS}
    numbers = count(1)
    async with Crowd(site, most=CLIENTS) as crowd:
        clients = [Client(crowd, keys, Random(SEED + n)) for n in range(CLIENTS)]

        async def go_on(client: Client) -> None:
            while next(numbers) <= REQUESTS:
                await client.ask()

        await asyncio.gather(*map(go_on, clients))
    told = set().union(*(client.told for client in clients))
    await asyncio.to_thread(wait_until, lambda: told <= ids_of(site), what="the rows of all")
    await equal_sums(site, [key for some in keys.values() for key in some])
    rows = await asyncio.to_thread(rows_of, site.first)
    kinds = Counter(kind_of(row) for row in rows)
    assert {"succeeded", "failed", "broke off", "left", "refused"} <= kinds.keys(), kinds
    assert kinds["succeeded"] > len(rows) * 0.4, kinds


def ids_of(site: Site) -> set[str]:
    return {row["request_id"] for row in rows_of(site.first)}


def kind_of(row: dict[str, Any]) -> str:
    if row["error_code"] in {"insufficient_quota", "rate_limit_exceeded", "request_exceeds_limit"}:
        return "refused"
    if row["is_client_gone"]:
        return "left"
    if row["status"] >= 400:
        return "failed"
    return "broke off" if row["error_code"] else "succeeded"
