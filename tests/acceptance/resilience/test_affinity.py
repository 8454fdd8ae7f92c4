"""A conversation stays where its prompt is cached, and moves only when it has to."""

from __future__ import annotations

import httpx
import pytest

from tests.acceptance.resilience.routed import connection, route, routed
from tests.support.api import CHAT, chat_body, client_of
from tests.support.scripted_upstream import BilledUpstream, status

pytestmark = pytest.mark.acceptance

TURNS = 50
SESSIONS = 30
MODELS = ("by-header", "by-field", "spread")


@pytest.fixture(scope="module")
def client(gateway, first, second):
    key = routed(
        gateway,
        [connection("first", first, *MODELS), connection("second", second, *MODELS)],
        [
            route(
                model,
                *(same_tier(name, model) for name in ("first", "second")),
                strategy="affinity",
            )
            for model in MODELS
        ],
    )
    with client_of(gateway, key) as client:
        yield client


def same_tier(name: str, model: str) -> dict[str, object]:
    return {"connection": name, "model": model, "tier": 1}


def server_of(
    client: httpx.Client, upstreams: dict[str, BilledUpstream], model: str, **asked: object
) -> str:
    """Which of ``upstreams`` has answered."""
    before = {name: upstream.bill.requests for name, upstream in upstreams.items()}
    headers = asked.pop("headers", {})
    response = client.post(CHAT, json=chat_body(model, **asked), headers=headers)
    assert response.status_code == 200, response.text
    [name] = [name for name, up in upstreams.items() if up.bill.requests > before[name]]
    return name


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("by-header", {"headers": {"x-gateway-session": "s1"}}),
        ("by-field", {"prompt_cache_key": "s1"}),
    ],
)
def test_a_conversation_has_one_target_and_moves_once_when_that_dies(
    client, first, second, model, asked
):
    upstreams = {"first": first, "second": second}
    servers = [server_of(client, upstreams, model, **asked) for _ in range(TURNS)]
    assert len(set(servers)) == 1
    upstreams[servers[0]].tell(status(503, {"Retry-After": "600"}), model=model)
    others = [server_of(client, upstreams, model, **asked) for _ in range(TURNS)]
    assert set(others) == {"first", "second"} - set(servers)
    assert first.hits(model=model) + second.hits(model=model) == 2 * TURNS + 1


def test_conversations_are_spread(client, first, second):
    upstreams = {"first": first, "second": second}
    servers = [
        server_of(client, upstreams, "spread", prompt_cache_key=f"s{number}")
        for number in range(SESSIONS)
    ]
    assert {"first", "second"} == set(servers)
