"""Limits of a connection and its keys hold, no client is refused too early, and some wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.acceptance.resilience.routed import EVERYBODY, SETTINGS
from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway
from tests.support.responders import Exchange, complete_chat
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

# Where Redis may take long to answer, each worker goes on with a part of a limit.
pytestmark = [pytest.mark.acceptance, on_one_backing]

MODEL, AT_ONCE, WAITING = "shaped", "at-once", "waiting"
MAKE = """
from accounts.models import User
from connections.models import Connection, ConnectionKey
from limits.models import Limit
Limit.objects.create(
    label="two at once", subject_kind="connection", metric="concurrency", amount=2,
    connection=Connection.objects.get(name="two"),
)
Limit.objects.create(
    label="one at once", subject_kind="user", metric="concurrency", amount=1, wait_seconds=60,
    user=User.objects.get(username="bob"),
)
for key in ConnectionKey.objects.filter(connection__name="one"):
    Limit.objects.create(
        label=f"key {key.pk}", subject_kind="connection_key", connection_key=key,
        metric="requests", amount=3, window="hour",
    )
"""


class Busy:
    """Answers a moment later, and knows how many requests it had at once at most."""

    def __init__(self) -> None:
        self.running = self.most = 0

    async def __call__(self, exchange: Exchange) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.1)
        self.running -= 1  # the gateway may send another as soon as it has this answer
        await complete_chat(exchange)


@pytest.fixture(scope="module")
def upstream(gateway: LiveGateway) -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=(MODEL, AT_ONCE, WAITING)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def keys(gateway: LiveGateway, upstream: ScriptedUpstream) -> dict[str, str]:
    """Of users of a gateway whose workers all know the limits, as they start with them."""
    names = {"one": MODEL, "two": AT_ONCE, "three": WAITING}
    secrets = {"one": ["sk-first", "sk-second"]}
    connections = [
        {
            "name": name,
            "base_url": upstream.url,
            "keys": secrets.get(name, [f"sk-{name}"]),
            "model_ids": [model],
        }
        for name, model in names.items()
    ]
    patient = {
        "model": AT_ONCE,
        "targets": [{"connection": "two", "model": AT_ONCE}],
        "policy": {"patience_seconds": 60},
    }
    key = gateway.configured_for(
        "alice",
        connections=connections,
        policies=[{"name": "at once", "default": True, "patience_seconds": 0}],
        routes=[patient],
        grants=EVERYBODY,
        settings=SETTINGS,
    )
    keys = {"alice": key, "bob": gateway.api_key("bob")}
    gateway.manage("shell", "--no-imports", "-c", MAKE)
    gateway.stop()
    gateway.start()
    with client_of(gateway, key) as client:
        wait_for_models(client, MODEL, AT_ONCE, WAITING)
    return keys


def asked(gateway: LiveGateway, key: str, model: str, number: int) -> list[httpx.Response]:
    """So many answers, four asked for at once, each over a connection of its own."""

    def ask(_: int) -> httpx.Response:
        with client_of(gateway, key) as client:
            return client.post(CHAT, json=chat_body(model))

    with ThreadPoolExecutor(4) as threads:
        return list(threads.map(ask, range(number)))


def test_each_key_is_sent_what_its_limit_says_and_all_of_it_is_used(
    gateway: LiveGateway, keys: dict[str, str], upstream: ScriptedUpstream
) -> None:
    upstream.on("POST", CHAT, complete_chat)
    answers = asked(gateway, keys["alice"], MODEL, 10)
    assert Counter(answer.status_code for answer in answers) == {200: 6, 503: 4}
    sent = Counter(call.header("authorization") for call in upstream.calls if CHAT in call.target)
    assert sent == {"Bearer sk-first": 3, "Bearer sk-second": 3}
    for answer in answers:
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "all_targets_cooling"
            assert 1 <= int(answer.headers["retry-after"]) <= 1200


def test_a_connection_is_sent_no_more_at_once_than_its_limit_says(
    gateway: LiveGateway, keys: dict[str, str], upstream: ScriptedUpstream
) -> None:
    busy = Busy()
    upstream.on("POST", CHAT, busy)
    answers = asked(gateway, keys["alice"], AT_ONCE, 10)
    assert Counter(answer.status_code for answer in answers) == {200: 10}
    assert busy.most <= 2
    assert any("x-gateway-queued-ms" in answer.headers for answer in answers)


def test_requests_of_a_user_wait_for_each_other(
    gateway: LiveGateway, keys: dict[str, str], upstream: ScriptedUpstream
) -> None:
    busy = Busy()
    upstream.on("POST", CHAT, busy)
    answers = asked(gateway, keys["bob"], WAITING, 6)
    assert Counter(answer.status_code for answer in answers) == {200: 6}
    assert busy.most == 1
    assert any("x-gateway-queued-ms" in answer.headers for answer in answers)
