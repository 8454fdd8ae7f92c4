"""``limits`` beside a gateway that serves: what a command sets holds, and what is used is shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="module")
def client(gateway: LiveGateway) -> Iterator[httpx.Client]:
    with ScriptedUpstream(models=("m",)) as upstream:
        key = gateway.configured_for(
            "ada",
            connections=[{"name": "one", "base_url": upstream.url, "keys": ["sk-upstream"]}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_for_models(client, "m")
            yield client


def chat(client: httpx.Client) -> int:
    return client.post(CHAT, json=chat_body("m")).status_code


def used(gateway: LiveGateway, label: str) -> dict[str, Any]:
    shown = json.loads(gateway.manage("limits", "show", "--label", label, "--json").stdout)
    [use] = shown["limits"][0]["used"]
    return dict(use)


def test_a_limit_holds_is_shown_raised_and_lifted(
    gateway: LiveGateway, client: httpx.Client
) -> None:
    def limits(*arguments: str) -> str:
        return gateway.manage("limits", *arguments).stdout

    new = ("--for", "user:ada", "--metric", "requests", "--window", "day", "--amount", "1")
    assert limits("set", "ada a day", *new).startswith("+ limit ada a day")
    wait_until(lambda: chat(client) == 429, what="the limit")
    wait_until(lambda: used(gateway, "ada a day")["left"] == 0, what="what is used")

    limits("raise", "ada a day", "--amount", "1000", "--until", "1d")
    wait_until(lambda: chat(client) == 200, what="the raise")
    assert used(gateway, "ada a day")["amount"] == 1000

    limits("raise", "ada a day", "--end")
    wait_until(lambda: chat(client) == 429, what="the end of the raise")
    limits("set", "ada a day", "--no-enabled")
    wait_until(lambda: chat(client) == 200, what="no limit")


def test_buckets_are_known_outside_of_the_worker_with_redis_alone(
    gateway: LiveGateway, client: httpx.Client
) -> None:
    new = ("--for", "everyone", "--metric", "requests", "--window", "hour", "--amount", "500")
    gateway.manage("limits", "set", "all an hour", *new)
    assert chat(client) == 200
    if "redis" not in gateway.backing:
        assert used(gateway, "all an hour")["used"] is None
        return
    wait_until(lambda: chat(client) == 200 and used(gateway, "all an hour")["used"], what="use")
