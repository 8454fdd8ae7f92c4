"""Responses over a WebSocket, where the upstream answers chats over HTTP alone."""

import json

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from tests.proxy.websockets.conftest import UPSTREAM_KEY
from tests.support.api import CHAT, client_of, listed
from tests.support.processes import wait_until
from tests.support.responders import hang, json_response
from tests.support.sockets import heard, open_socket, say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

PATH = "/v1/responses"
HELLO = {"role": "user", "content": "Hello"}
CREATE = {"type": "response.create", "model": "only-chats", "input": [HELLO], "store": False}
EVENTS = TypeAdapter(ResponseStreamEvent)


@pytest.fixture(scope="module")
def chats():
    with ScriptedUpstream(models=("only-chats",)) as upstream:
        upstream.on("GET", PATH, json_response({"detail": "Method Not Allowed"}, status=405))
        upstream.on("POST", PATH, json_response({"detail": "Not Found"}, status=404))
        yield upstream


@pytest.fixture
def upstream(chats):
    with chats.as_it_was():
        yield chats


@pytest.fixture(scope="module")
def key(gateway, chats):
    gateway.configure(
        connections=[{"name": "chats", "base_url": chats.url, "keys": [UPSTREAM_KEY]}],
        grants=[{"models": ["only-chats"], "everyone": True}],
    )
    key = gateway.api_key("gina")
    with client_of(gateway, key) as client:
        wait_until(lambda: "only-chats" in listed(client), what="the model")
    return key


@pytest.fixture
def socket(gateway, key):
    with open_socket(gateway, key, path=PATH) as socket:
        yield socket


def answered(socket, message):
    """The response to ``message``, whose events are in order."""
    say(socket, message)
    events = [heard(socket)]
    while events[-1]["type"] not in {"response.completed", "response.failed", "error"}:
        events.append(heard(socket))
    for number, event in enumerate(events):
        EVENTS.validate_python(event, strict=True)
        assert event["sequence_number"] == number
    return events[-1]["response"]


def text_of(response):
    return response["output"][0]["content"][0]["text"]


def test_a_response(socket, upstream):
    response = answered(socket, CREATE)
    assert (response["status"], text_of(response)) == ("completed", "Hello world")
    sent = upstream.calls[-1]
    assert (sent.target, sent.json["messages"]) == (CHAT, [HELLO])


def test_a_response_that_goes_on_from_the_last(socket, upstream):
    first = answered(socket, CREATE)
    more = {"role": "user", "content": "And?"}
    answered(socket, CREATE | {"previous_response_id": first["id"], "input": [more]})
    assert upstream.calls[-1].json["messages"] == [
        HELLO,
        {"role": "assistant", "content": "Hello world"},
        more,
    ]


def test_a_response_that_is_prepared_and_then_asked_for(socket, upstream):
    before = len(upstream.calls)
    prepared = answered(socket, CREATE | {"generate": False})
    assert (prepared["status"], prepared["output"]) == ("completed", [])
    assert len(upstream.calls) == before
    answered(socket, CREATE | {"previous_response_id": prepared["id"], "input": []})
    assert upstream.calls[-1].json["messages"] == [HELLO]


@pytest.mark.parametrize("is_prepared", [False, True])
def test_a_turn_that_is_not_stored_between_those_that_are(socket, upstream, is_prepared):
    stored = answered(socket, CREATE | {"store": True})
    assert stored["store"]
    between = CREATE | {"previous_response_id": stored["id"]}
    last = answered(socket, between | ({"generate": False} if is_prepared else {}))
    answered(socket, CREATE | {"previous_response_id": last["id"], "input": [HELLO]})
    roles = [message["role"] for message in upstream.calls[-1].json["messages"]]
    asked, said = ["user"], ["assistant"]
    assert roles == asked + said + asked + ([] if is_prepared else said) + asked


def test_the_older_form_of_the_message(socket, upstream):
    fields = {k: v for k, v in CREATE.items() if k != "type"}
    assert text_of(answered(socket, {"type": "response.create", "response": fields} | fields))


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"previous_response_id": "resp_unknown"}, "previous_response_id"),
        ({"type": "response.dance"}, "type"),
        ({"background": True}, "background"),
    ],
)
def test_what_cannot_be_done_is_an_event_and_the_socket_lives_on(socket, upstream, change, param):
    say(socket, CREATE | change)
    event = heard(socket)
    assert (event["type"], event["status"], event["error"]["param"]) == ("error", 400, param)
    assert text_of(answered(socket, CREATE)) == "Hello world"


def test_a_model_of_others_is_not_found(socket, upstream):
    say(socket, CREATE | {"model": "hidden"})
    assert heard(socket)["error"]["code"] == "model_not_found"


def test_a_client_that_leaves_ends_the_call(gateway, key, upstream):
    upstream.on("POST", CHAT, hang())
    asked, gone = len(upstream.calls), upstream.disconnects
    with open_socket(gateway, key, path=PATH) as socket:
        say(socket, CREATE)
        wait_until(lambda: len(upstream.calls) > asked, what="the call")
    assert upstream.wait_for_disconnect(count=gone + 1)


def test_a_socket_whose_key_is_revoked_says_so(gateway, key, upstream):
    made = json.loads(gateway.manage("create_api_key", "hugo", "--create-user", "--json").stdout)
    upstream.on("POST", CHAT, hang())
    asked = len(upstream.calls)
    with open_socket(gateway, made["key"], path=PATH) as socket:
        say(socket, CREATE)
        wait_until(lambda: len(upstream.calls) > asked, what="the call")
        gateway.manage("revoke_api_key", made["id"])
        assert heard(socket)["error"]["code"] == "access_withdrawn"


def test_a_conversation_does_not_grow_without_end(socket, upstream):
    """What is remembered counts like what is sent, also where no model is asked."""
    said = {**HELLO, "content": "x" * 60_000}
    first = answered(socket, {**CREATE, "generate": False, "input": [said]})
    before = len(upstream.calls)
    more = {**CREATE, "generate": False, "input": [said], "previous_response_id": first["id"]}
    say(socket, more)
    refused = heard(socket)
    assert (refused["type"], refused["error"]["code"]) == ("error", "request_too_large")
    assert len(upstream.calls) == before
