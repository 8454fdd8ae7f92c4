"""Keys that anybody can make up, since the checksum is public: they cost others nothing."""

import asyncio
import json

import httpx
import pytest

from accounts.keys import generate
from tests.security.watching import watched
from tests.support.api import client_of
from tests.support.plain_http import PLAIN_HTTP

pytestmark = pytest.mark.acceptance

CLIENTS, MADE_UP = 30, 40
TRIES = 60


@pytest.mark.long
def test_a_flood_of_made_up_keys_holds_up_neither_known_nor_new_callers(gateway, keys):
    made = gateway.manage("create_api_key", "alice", "--json")
    fresh = json.loads(made.stdout)["key"]
    statuses, known_statuses, tries = asyncio.run(flood(gateway, keys["alice"], fresh))
    assert statuses <= {401, 429}
    assert set(known_statuses) == {200}
    assert tries[-1] == 200
    assert set(tries[:-1]) <= {429}


async def flood(gateway, known, fresh):
    """What the made-up keys, a known one and a new one are told; the latter until it is 200."""
    # Without connections that are kept: the clients are slow enough for these to end meanwhile.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(base_url=gateway.url, **PLAIN_HTTP, limits=limits) as client:

        async def make_up():
            return [await status_of(client, generate()) for _ in range(MADE_UP)]

        await status_of(client, known)
        flooding = asyncio.gather(*(make_up() for _ in range(CLIENTS)))
        known_statuses, tries = [], []
        with watched(gateway):
            while len(tries) < TRIES and 200 not in tries:
                known_statuses.append(await status_of(client, known))
                tries.append(await status_of(client, fresh))
            statuses = {status for each in await flooding for status in each}
        return statuses, known_statuses, tries


async def status_of(client, key):
    answer = await client.get("/v1/models", headers={"Authorization": f"Bearer {key}"})
    return answer.status_code


def test_the_same_made_up_key_gets_the_same_answer_again(gateway, keys):
    with client_of(gateway, generate()) as client:
        answers = [client.get("/v1/models") for _ in range(5)]
    assert {each.status_code for each in answers} == {401}
    assert len({each.content for each in answers}) == 1


def test_a_key_that_is_issued_works_at_once(gateway, keys):
    with client_of(gateway, generate()) as client:
        assert client.get("/v1/models").status_code == 401
    made = gateway.manage("create_api_key", "alice", "--json")
    with client_of(gateway, json.loads(made.stdout)["key"]) as client:
        assert client.get("/v1/models").status_code in {200, 429}
