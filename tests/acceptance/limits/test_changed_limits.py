"""What becomes of counts when limits, keys or people change; and limits that only watch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest

from tests.acceptance.limits.site import Crowd, Site, holds, statuses
from tests.acceptance.resilience.routed import connection
from tests.support.api import CHAT, HELLO, chat_body, client_of
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.scripted_upstream import answer, numbered

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

MANY = 12  # at once, of which some fit
WORDS = 100
PRICE = {"model": "changing", "input_per_million": "0", "output_per_million": "10"}
OF_ONE_CHAT = "0.001"
# Of requests, connections and times.
OWN_HEADERS = {"x-request-id", "date", "x-gateway-overhead-ms", "x-gateway-limit-warning"}
AMOUNT = """
from decimal import Decimal
from limits.models import Limit
limit = Limit.objects.get(label={label!r})
limit.amount = Decimal({amount})
limit.save()
"""
RAISE = """
from datetime import timedelta
from django.utils import timezone
from limits.models import Limit, LimitChange
limit = Limit.objects.get(label={label!r})
until = timezone.now() + timedelta(days=1)
LimitChange.objects.create(limit=limit, amount={amount}, until=until, reason="a deadline")
"""
REVOKE = """
import json
from accounts.models import ApiKey, User
user = User.objects.get(username={user!r})
for key in ApiKey.objects.filter(user=user):
    key.delete()
print(json.dumps(ApiKey.objects.issue(user)[1]))
"""

GROUP_LIMIT = """
from decimal import Decimal
from django.contrib.auth.models import Group
from limits.models import Limit
Limit.objects.create(
    label="of each newcomer", subject_kind="group", group=Group.objects.get(name="newcomers"),
    share="each_user", metric="usd", window="month", amount=Decimal({amount}),
)
"""


@pytest.fixture(scope="module", autouse=True)
def offered(site: Site) -> None:
    site.offer([connection("changes", site.upstream, "changing", "kept")])
    site.make(prices=[PRICE])
    site.upstream.tell(answer(numbered(WORDS)))


def requests_of(user: str, amount: int, **fields: Any) -> dict[str, Any]:
    told = {"label": f"requests of {user}", "user": user, "metric": "requests"}
    return told | {"window": "total", "amount": str(amount)} | fields


def has_amount(amount: int) -> Callable[[httpx.Client], bool]:
    """Whether the client's one limit has this amount."""

    def has(client: httpx.Client) -> bool:
        return [each["amount"] for each in client.get("/v1/limits").json()["data"]] == [amount]

    return has


async def admitted(crowd: Crowd, key: str, model: str = "changing") -> int:
    """How many of ``MANY`` chats at once pass; the others are refused by a budget."""
    found = statuses(await crowd.chats(MANY, key, model=model))
    assert found.keys() <= {200, 429}, found
    return found.get(200, 0)


async def test_another_amount_holds_at_once(site: Site) -> None:
    keys, _ = await asyncio.to_thread(site.make, ["changed"], [requests_of("changed", 3)])
    key, label = keys["changed"], "requests of changed"

    async def told(code: str, amount: int) -> None:
        await asyncio.to_thread(site.shell, code.format(label=label, amount=amount))
        await asyncio.to_thread(site.until, key, has_amount(amount), what=f"an amount of {amount}")

    async with Crowd(site, most=MANY) as crowd:
        assert await admitted(crowd, key) == 3
        await told(AMOUNT, 7)
        assert await admitted(crowd, key) == 4
        await told(AMOUNT, 2)
        assert await admitted(crowd, key) == 0
        await told(RAISE, 8)
        assert await admitted(crowd, key) == 1


async def test_another_key_of_the_same_user_has_the_same_counts(site: Site) -> None:
    everybody = {"label": "kept", "subject_kind": "everyone", "share": "each_user"}
    limit = everybody | {"metric": "requests", "window": "total", "model_patterns": ["kept"]}
    keys, _ = await asyncio.to_thread(site.make, ["keeper"])
    key = keys["keeper"]
    await asyncio.to_thread(site.make, (), [limit | {"amount": "2"}])
    await asyncio.to_thread(site.until, key, holds("kept"), what="the limit")

    async def with_amount(amount: int, key: str) -> None:
        await asyncio.to_thread(site.shell, AMOUNT.format(label="kept", amount=amount))
        await asyncio.to_thread(site.until, key, has_amount(amount), what="the amount")

    async with Crowd(site, most=MANY) as crowd:
        assert await admitted(crowd, key, "kept") == 2
        rotated = await asyncio.to_thread(rotated_key, site.first, "keeper")
        assert await admitted(crowd, rotated, "kept") == 0
        await with_amount(3, rotated)
        assert await admitted(crowd, rotated, "kept") == 1
        issued = await asyncio.to_thread(site.shell, REVOKE.format(user="keeper"))
        assert await admitted(crowd, issued, "kept") == 0
        await with_amount(5, issued)
        assert await admitted(crowd, issued, "kept") == 2


def rotated_key(gateway: LiveGateway, user: str) -> str:
    listed = json.loads(gateway.manage("list_api_keys", "--user", user, "--json").stdout)
    made = gateway.manage("rotate_api_key", listed["keys"][0]["id"], "--json").stdout
    return str(json.loads(made)["key"])


def test_limits_that_watch_change_no_response(site: Site) -> None:
    people = ["free", "watched", "warned"]
    limits = [
        requests_of(user, 0, mode=mode)
        for user, mode in zip(people[1:], ["shadow", "warn"], strict=True)
    ]
    keys, _ = site.make(people, limits)
    for fields in ({"max_tokens": WORDS}, {"stream": True}, {}):
        free, watched, warned = (
            response_of(site, keys[user], model="changing", **fields) for user in people
        )
        assert free.content == watched.content == warned.content
        assert own(free) == own(watched) == own(warned)
        assert "x-gateway-limit-warning" not in watched.headers
        assert warned.headers["x-gateway-limit-warning"] == "requests of warned"


def response_of(site: Site, key: str, **fields: Any) -> httpx.Response:
    with client_of(site.first, key) as client:
        return client.post(CHAT, json=chat_body(**fields)).raise_for_status()


def own(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in OWN_HEADERS}


def test_of_two_people_behind_one_key_one_is_refused_and_the_other_goes_on(site: Site) -> None:
    site.first.configure(groups=[{"name": "newcomers", "users": []}])
    options = ("--create-user", "--may-speak-for-users", "--unknown-users-group", "newcomers")
    made = site.first.manage("create_api_key", "open-webui", *options, "--json").stdout
    key = json.loads(made)["key"]
    site.shell(GROUP_LIMIT.format(amount=OF_ONE_CHAT))
    with as_person(site, key, "ada@example.com") as ada, as_person(site, key, "bob@b.com") as bob:
        for person in (ada, bob):
            wait_until(lambda: is_told(person, "of each newcomer"), what="the limit")  # noqa: B023
        assert chat(ada) == 200
        with pytest.raises(openai.RateLimitError) as caught:
            chat(ada)
        assert caught.value.code == "insufficient_quota"
        assert chat(bob) == 200
        with pytest.raises(openai.RateLimitError):
            chat(bob)


@contextmanager
def as_person(site: Site, key: str, email: str) -> Iterator[openai.OpenAI]:
    """What Open WebUI sends for someone, by an SDK that is not to try a budget again.

    It may try again what only a running request holds, as that is refused as a rate.
    """
    codes: list[str] = []

    def note(response: httpx.Response) -> None:
        response.read()
        if response.is_error:
            codes.append(response.json()["error"]["code"])

    headers = {"X-OpenWebUI-User-Email": email}
    options: dict[str, Any] = {"trust_env": False, "event_hooks": {"response": [note]}}
    http = openai.DefaultHttpxClient(**options)
    url = f"{site.gateways[-1].url}/v1"
    with openai.OpenAI(base_url=url, api_key=key, default_headers=headers, http_client=http) as sdk:
        yield sdk
    assert [code for code in codes if code != "rate_limit_exceeded"] == ["insufficient_quota"]
    assert codes[-1] == "insufficient_quota"


def chat(sdk: openai.OpenAI) -> int:
    raw = sdk.chat.completions.with_raw_response
    return raw.create(model="changing", messages=HELLO, max_tokens=WORDS).http_response.status_code


def is_told(sdk: openai.OpenAI, label: str) -> bool:
    told: Any = sdk.get("/limits", cast_to=httpx.Response).json()
    return label in {each["label"] for each in told["data"]}
