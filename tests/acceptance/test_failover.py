"""What a client sees of targets that fail or are silent: one coherent answer of another one."""

import json
from contextlib import closing
from threading import Event

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import complete_chat, hang, head, json_response, sse, when_told
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream
from tests.usage.rows import row_of

pytestmark = pytest.mark.acceptance

COMMENT = b": keep-alive\n\n"
WORD = {"choices": [{"index": 0, "delta": {"content": "B says"}, "finish_reason": None}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
BODY = b'{"error": {"message": "Busy."}}'
OVERLOADED = head(503, content_type="application/json", content_length=len(BODY)) + BODY
MODELS = ("silent", "failing", "hedged")


@pytest.fixture(scope="module")
def upstreams():
    with ScriptedUpstream(models=MODELS) as first, ScriptedUpstream(models=MODELS) as second:
        yield first, second


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory):
    directory = tmp_path_factory.mktemp("failover")
    environment = {"GATEWAY_STREAM_KEEP_ALIVE_SECONDS": "0.3"}
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway, upstreams):
    """A policy of the admin's is the default; one route hedges."""
    names = {"first": upstreams[0], "second": upstreams[1]}
    key = gateway.configured_for(
        "alice",
        connections=[
            {"name": name, "base_url": upstream.url, "keys": [f"sk-{name}"], "priority": number}
            for number, (name, upstream) in enumerate(names.items(), start=1)
        ],
        policies=[{"name": "again", "default": True, "ambiguous": "always"}],
        routes=[
            {
                "model": "hedged",
                "targets": [{"connection": name, "model": "hedged"} for name in names],
                "policy": {"hedges": True},
            }
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, key) as client:
        wait_for_models(client, *MODELS)
        yield client


@pytest.fixture(autouse=True)
def _forgets(upstreams):
    with upstreams[0].as_it_was(), upstreams[1].as_it_was():
        yield


def test_a_target_that_dies_behind_comments_is_followed_by_another(client, upstreams):
    first, second = upstreams
    is_commented = Event()
    first.on("POST", CHAT, when_told(is_commented, b"", OVERLOADED))
    second.on("POST", CHAT, sse(WORD, FINISH))
    with client.stream("POST", CHAT, json=chat_body("silent", stream=True)) as answer:
        assert answer.status_code == 200
        parts = answer.iter_raw()
        with closing(parts):
            seen = next(parts)
            assert seen.startswith(COMMENT)
            is_commented.set()
            seen += b"".join(parts)
    events = seen.replace(COMMENT, b"")
    assert events.count(b"B says") == 1
    assert events.endswith(b"data: [DONE]\n\n")
    assert b"error" not in events


def test_the_policy_that_an_admin_made_the_default_holds_without_a_route(client, upstreams):
    upstreams[0].on("POST", CHAT, json_response({"error": {"message": "No."}}, status=500))
    upstreams[1].on("POST", CHAT, complete_chat)
    answer = client.post(CHAT, json=chat_body("failing"))
    assert (answer.status_code, answer.headers["x-gateway-attempts"]) == (200, "2")


def test_a_silent_target_is_hedged_and_hung_up_on(gateway, client, upstreams):
    first, second = upstreams
    hung_up = first.disconnects
    first.on("POST", CHAT, hang())
    second.on("POST", CHAT, sse(WORD, FINISH))
    answer = client.post(CHAT, json=chat_body("hedged", stream=True))
    assert answer.status_code == 200
    assert answer.content.count(b"B says") == 1
    assert first.wait_for_disconnect(count=hung_up + 1)
    row = row_of(gateway, answer.headers["x-request-id"])
    assert (row["connection"], row["status"], row["attempts"]) == ("second", 200, 2)
    log = json.loads(row["attempt_log"])
    assert [attempt["outcome"] for attempt in log] == ["stopped", "success"]
