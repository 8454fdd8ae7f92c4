"""The ledger's rows of WebSockets: one for each chat, one for each socket that is passed on."""

import json
from http import HTTPStatus

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.proxy.websockets.conftest import UPSTREAM_KEY
from tests.support.api import CHAT, chat_body, client_of, listed
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.responders import chunk, hang, head, json_response, sse
from tests.support.socket_upstream import socket_upstream
from tests.support.sockets import heard, heard_to_the_end, open_socket, say
from tests.usage.rows import rows_of

pytestmark = pytest.mark.acceptance

REALTIME = "/v1/realtime?model=counted"
DELTA = {"choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": None}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
USAGE = {"prompt_tokens": 12, "completion_tokens": 3}
THINKING = hang(
    head(content_type="text/event-stream", transfer_encoding="chunked")
    + chunk(b"data: " + json.dumps(DELTA).encode() + b"\n\n")
)


@pytest.fixture
def person(request, gateway, key):
    """The name and the key of somebody of whom there are no rows yet."""
    name = request.node.name.partition("[")[0]
    return name, gateway.api_key(name)


@pytest.fixture(scope="module")
def speaking(gateway, key):
    with socket_upstream() as upstream:
        connection = {"name": "counting", "base_url": upstream.url, "keys": [UPSTREAM_KEY]}
        gateway.configure(
            connections=[connection | {"model_ids": ["counted"]}],
            grants=[{"models": ["counted"], "everyone": True}],
        )
        with client_of(gateway, key) as client:
            wait_until(lambda: "counted" in listed(client), what="the model")
        upstream.answer = answer_twice
        yield upstream


def answer_twice(socket, message):
    """An answer with its tokens; the second has more."""
    usage = {"input_tokens": 10 * message["n"], "output_tokens": message["n"]}
    done = {"type": "response.done", "response": {"usage": usage}}
    socket.send(json.dumps({"type": "response.output_text.delta", "delta": "Hi"}))
    socket.send(json.dumps(done))


def the_rows(gateway, name, *, count):
    """All rows of a user, once there are ``count``; more would be found, too."""
    found = []

    def are_there():
        found[:] = [row for row in rows_of(gateway) if row["username"] == name]
        return len(found) >= count

    wait_until(are_there, what=f"{count} rows of {name}")
    assert len(found) == len({row["request_id"] for row in found}) == count
    assert {row["surface"] for row in found} == {"websocket"}
    return found


def tokens(row):
    return row["prompt_tokens"], row["completion_tokens"], row["tokens_from"]


def test_each_chat_on_a_socket_has_a_row(gateway, upstream, person):
    name, key = person
    with open_socket(gateway, key) as socket:
        upstream.on("POST", CHAT, sse(DELTA, FINISH, {"choices": [], "usage": USAGE}))
        say(socket, chat_body("gpt-4o", stream=True, request_id="streamed"))
        streamed = heard_to_the_end(socket, "streamed")["streamed"][-1]
        upstream.on("POST", CHAT, json_response({"choices": [], "usage": USAGE}))
        say(socket, chat_body("gpt-4o", request_id="whole"))
        whole = heard_to_the_end(socket, "whole")["whole"][-1]
        say(socket, chat_body("nothing", request_id="unknown"))
        unknown = heard_to_the_end(socket, "unknown")["unknown"][-1]
        answers = [streamed, whole, unknown]
        rows = the_rows(gateway, name, count=3)
    assert [row["request_id"] for row in rows] == [one["gateway_request_id"] for one in answers]
    assert [tokens(row) for row in rows] == [
        (12, 3, "upstream"),
        (12, 3, "upstream"),
        (None, None, "none"),
    ]
    assert [row["error_code"] for row in rows] == ["", "", "model_not_found"]


@pytest.mark.parametrize("leaves", [False, True], ids=["cancelled", "left"])
def test_a_chat_that_is_cut_short_has_a_row_too(gateway, upstream, person, leaves):
    name, key = person
    known = len([row for row in rows_of(gateway) if row["username"] == name])
    upstream.on("POST", CHAT, THINKING)
    with open_socket(gateway, key) as socket:
        say(socket, chat_body("gpt-4o", stream=True, request_id="a"))
        assert heard(socket)["type"] == "chunk"
        if not leaves:
            say(socket, {"type": "cancel", "request_id": "a"})
            assert heard(socket)["type"] == "error"
    row = the_rows(gateway, name, count=known + 1)[-1]
    assert (row["status"], row["chunks"], row["tokens_from"]) == (200, 1, "estimated")
    assert bool(row["is_client_gone"])


def test_a_socket_that_is_passed_on_has_one_row_with_all_its_tokens(gateway, speaking, person):
    name, key = person
    with open_socket(gateway, key, path=REALTIME) as socket:
        for number in (1, 2):
            say(socket, {"type": "response.create", "n": number})
            heard(socket)
            assert heard(socket)["type"] == "response.done"
    with open_socket(gateway, key, path="/v1/responses") as socket:
        say(socket, {"type": "response.create", "model": "counted", "n": 5})
        heard(socket)
        assert heard(socket)["type"] == "response.done"
    rows = the_rows(gateway, name, count=2)
    assert [(row["endpoint"], *tokens(row)) for row in rows] == [
        ("realtime", 30, 3, "upstream"),
        ("responses", 50, 5, "upstream"),
    ]
    assert {(row["status"], row["connection"], row["attempts"]) for row in rows} == {
        (101, "counting", 1)
    }


def test_a_socket_that_its_upstream_closes_has_one_row(gateway, speaking, person):
    name, key = person
    speaking.answer = lambda socket, _message: socket.close(1011, "broken")
    try:
        with open_socket(gateway, key, path=REALTIME) as socket:
            say(socket, {"type": "response.create"})
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=PATIENCE_SECONDS)
    finally:
        speaking.answer = answer_twice
    (row,) = the_rows(gateway, name, count=1)
    assert (row["status"], row["tokens_from"]) == (101, "none")


def test_a_socket_that_is_refused_has_one_row(gateway, speaking, person):
    name, key = person
    speaking.refusal = lambda socket: socket.respond(HTTPStatus.FORBIDDEN, "no")
    try:
        for path in (REALTIME, "/v1/realtime?model=unknown"):
            with pytest.raises(InvalidStatus), open_socket(gateway, key, path=path):
                pass
    finally:
        speaking.refusal = lambda _socket: None
    refused, unknown = the_rows(gateway, name, count=2)
    assert refused["status"] >= 400
    assert (refused["connection"], refused["tokens_from"]) == ("counting", "none")
    assert (unknown["status"], unknown["error_code"]) == (404, "model_not_found")
