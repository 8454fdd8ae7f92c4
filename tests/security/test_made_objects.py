"""What an upstream made for one user is noted as theirs on whichever way it is told of."""

import pytest

from tests.security.test_stored_objects import REALTIME, RESPONSES, code_of, stream_of
from tests.support.api import client_of
from tests.support.responders import json_response, sse
from tests.support.sockets import open_socket, say

pytestmark = pytest.mark.acceptance

MESSAGES = "/v1/messages"
ASKED = {"model": "opus", "max_tokens": 9, "messages": [{"role": "user", "content": "a"}]}


@pytest.fixture
def people(house):
    with (
        client_of(house.gateway, house.keys["alice"]) as alice,
        client_of(house.gateway, house.keys["bob"]) as bob,
    ):
        yield alice, bob


def message_with(container, *, kind):
    """A message that names its container: whole, or in the last or the first of its events."""
    named = {"container": {"id": container, "expires_at": "2026-01-01T00:00:00Z"}}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "opus"}
    message |= {"usage": {"input_tokens": 1, "output_tokens": 1}}
    end = {"stop_reason": "end_turn"}
    if kind == "whole":
        return json_response(message | {"content": [], "stop_reason": "end_turn"} | named)
    begun = message | {"content": [], "stop_reason": None, "container": None}
    at_start, at_end = (named, {}) if kind == "message_start" else ({}, named)
    return sse(
        {"type": "message_start", "message": begun | at_start},
        {"type": "message_delta", "delta": end | at_end, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
        done=False,
    )


@pytest.mark.parametrize("kind", ["whole", "message_start", "message_delta"])
def test_a_container_of_a_message_is_its_owner_s_alone(house, people, kind):
    alice, bob = people
    container = f"container_{kind}"
    house.http.on("POST", MESSAGES, message_with(container, kind=kind))
    asked = ASKED | {"stream": kind != "whole"}
    assert alice.post(MESSAGES, json=asked).is_success
    for form in (container, {"id": container}):
        before = house.seen
        refused = bob.post(MESSAGES, json=asked | {"container": form})
        assert (refused.status_code, house.seen) == (400, before)
        assert "not an object of yours" in refused.json()["error"]["message"]
        answer = alice.post(MESSAGES, json=asked | {"container": form})
        assert answer.is_success, answer.text
        assert house.http.calls[-1].json["container"] == form


def test_it_is_referred_to_on_the_connection_that_has_it_alone(house, people):
    alice, _ = people
    house.http.on("POST", MESSAGES, message_with("container_here", kind="whole"))
    assert alice.post(MESSAGES, json=ASKED).is_success
    before = house.seen
    elsewhere = ASKED | {"model": "main", "container": "container_here"}
    for path in (MESSAGES, "/v1/chat/completions", RESPONSES):
        assert alice.post(path, json=elsewhere | {"input": "a"}).status_code == 400
    assert house.seen == before


def test_an_answer_that_is_a_container_to_a_tool_is_none(house, people):
    """Text of a model may say anything."""
    alice, _ = people
    house.http.on(
        "POST",
        MESSAGES,
        json_response(
            {
                "type": "message",
                "content": [{"type": "tool_use", "input": {"container": {"id": "container_said"}}}],
            }
        ),
    )
    assert alice.post(MESSAGES, json=ASKED).is_success
    assert alice.post(MESSAGES, json=ASKED | {"container": "container_said"}).status_code == 400


@pytest.mark.parametrize("container", ["cntr_1", {"id": "cntr_1"}])
def test_no_event_of_a_realtime_session_refers_to_a_container(house, unheard, container):
    with open_socket(house.gateway, house.keys["bob"], path=REALTIME) as socket:
        tools = [{"type": "code_interpreter", "container": container}]
        say(socket, {"type": "session.update", "session": {"tools": tools}})
        assert code_of(socket) == "object_not_owned"


@pytest.mark.parametrize("is_streamed", [False, True])
def test_items_of_a_response_made_in_the_background_are_its_owner_s(house, people, is_streamed):
    alice, bob = people
    made = {"id": f"resp_background_{is_streamed}", "object": "response", "status": "queued"}
    item = {"type": "item_reference", "id": f"rs_background_{is_streamed}"}
    done = made | {"status": "completed", "output": [{"type": "reasoning", "id": item["id"]}]}
    house.http.on("POST", RESPONSES, json_response(made))
    body = {"model": "main", "input": "a", "background": True}
    assert alice.post(RESPONSES, json=body).is_success
    referring = body | {"input": [item]}
    path = f"{RESPONSES}/{made['id']}"
    house.http.on("GET", path, json_response(done | {"status": "in_progress"}))
    assert alice.get(path).is_success
    assert alice.post(RESPONSES, json=referring).status_code == 400  # there may be more
    house.http.on("GET", path, stream_of(done) if is_streamed else json_response(done))
    asked = alice.get(path, params={"stream": "true"} if is_streamed else {})
    assert asked.is_success, asked.text
    assert alice.post(RESPONSES, json=referring).is_success
    refused = bob.post(RESPONSES, json=referring)
    assert refused.json()["error"]["code"] == "object_not_owned"
