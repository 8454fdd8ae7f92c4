"""Chats over WebSockets, against a live gateway."""

import json
import socket as sockets

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.proxy.websockets.conftest import UPSTREAM_KEY
from tests.support.api import CHAT, chat_body, client_of, listed
from tests.support.processes import PATIENCE_SECONDS, wait_until
from tests.support.responders import chunk, hang, head, sse
from tests.support.sockets import SOCKET, heard, heard_to_the_end, open_socket, say

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
THINKING = hang(STREAM_HEAD + chunk(EVENT))


@pytest.fixture
def socket(gateway, key):
    with open_socket(gateway, key) as socket:
        yield socket


def ask(socket, request_id, **fields):
    say(socket, chat_body("gpt-4o", stream=True, request_id=request_id, **fields))


def refusal(gateway, key="", **options):
    with pytest.raises(InvalidStatus) as refused, open_socket(gateway, key, **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body)["error"]["code"]


def test_a_streamed_chat_comes_chunk_by_chunk(socket, upstream):
    ask(socket, "a")
    answer = heard_to_the_end(socket, "a")["a"]
    text = "".join(m["data"]["choices"][0]["delta"].get("content", "") for m in answer[:-1])
    assert text == "Hello world"
    assert answer[-1]["type"] == "done"
    assert answer[-1]["gateway_request_id"].startswith("req_")


def test_a_whole_answer_is_one_chunk(socket, upstream):
    say(socket, chat_body("gpt-4o", request_id="a"))
    first, last = heard_to_the_end(socket, "a")["a"]
    assert first["data"]["object"] == "chat.completion"
    assert last["type"] == "done"


def test_a_request_without_an_id_is_given_one(socket, upstream):
    say(socket, chat_body("gpt-4o"))
    first, last = heard(socket), heard(socket)
    assert first["request_id"] == last["request_id"] != ""


def test_the_upstream_is_sent_the_body_and_its_own_key(socket, upstream):
    ask(socket, "a", seed=7, user=None)
    heard_to_the_end(socket, "a")
    request = upstream.calls[-1]
    assert "request_id" not in request.json
    assert (request.json["seed"], request.json["user"]) == (7, None)
    assert request.header("authorization") == f"Bearer {UPSTREAM_KEY}"
    assert not any(name.lower().startswith("sec-websocket") for name, _ in request.headers)


def test_numbers_go_upstream_as_they_are_spelled(socket, upstream):
    numbers = '"top_p":0.50,"seed":123456789012345678901234567890'
    socket.send(json.dumps(chat_body("gpt-4o", request_id="a"))[:-1] + f",{numbers}}}")
    heard_to_the_end(socket, "a")
    assert numbers.encode() in upstream.calls[-1].body


def test_several_requests_run_at_once(socket, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 3, FINISH, delay=0.1))
    for request_id in "abc":
        ask(socket, request_id)
    order = [heard(socket)["request_id"] for _ in range(6)]
    assert set(order[:4]) == set("abc")


def test_a_cancelled_request_ends_upstream_and_the_others_go_on(socket, upstream):
    gone = upstream.disconnects
    upstream.on("POST", CHAT, THINKING, sse(EVENT, FINISH, delay=0.2))
    ask(socket, "a")
    assert heard(socket)["type"] == "chunk"
    ask(socket, "b")
    say(socket, {"type": "cancel", "request_id": "a"})
    answers = heard_to_the_end(socket, "a", "b")
    assert answers["a"][-1]["error"]["code"] == "cancelled"
    assert answers["b"][-1]["type"] == "done"
    assert upstream.wait_for_disconnect(count=gone + 1)


def test_a_closed_socket_ends_its_calls(gateway, key, upstream):
    upstream.on("POST", CHAT, THINKING)
    gone = upstream.disconnects
    with open_socket(gateway, key) as socket:
        ask(socket, "a")
        ask(socket, "b")
        assert {heard(socket)["request_id"], heard(socket)["request_id"]} == {"a", "b"}
    assert upstream.wait_for_disconnect(count=gone + 2)


def test_a_socket_that_is_reset_ends_its_calls(gateway, key, upstream):
    upstream.on("POST", CHAT, THINKING)
    gone = upstream.disconnects
    with open_socket(gateway, key) as socket:
        ask(socket, "a")
        heard(socket)
        socket.socket.shutdown(sockets.SHUT_RDWR)
        assert upstream.wait_for_disconnect(count=gone + 1)


def test_the_id_of_an_answered_request_may_be_used_again_at_once(socket, upstream):
    whole = EVENT.replace(b"null", b'"stop"') + b"data: [DONE]\n\n"
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(whole)))  # which stays open
    for _ in range(4):
        ask(socket, "a")
        assert heard_to_the_end(socket, "a")["a"][-1]["type"] == "done"


def test_the_id_of_a_cancelled_request_may_be_used_again(socket, upstream):
    upstream.on("POST", CHAT, THINKING, sse(FINISH))
    ask(socket, "a")
    heard(socket)
    say(socket, {"type": "cancel", "request_id": "a"})
    assert heard(socket)["error"]["code"] == "cancelled"
    ask(socket, "a")
    assert heard_to_the_end(socket, "a")["a"][-1]["type"] == "done"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (chat_body("hidden"), 404, "model_not_found"),
        (chat_body("nowhere"), 404, "model_not_found"),
        ({"model": "gpt-4o"}, 400, None),
        (chat_body("gpt-4o", Model="hidden"), 400, None),
    ],
)
def test_errors_are_those_of_http(socket, upstream, body, status, code):
    calls = len(upstream.calls)
    say(socket, {**body, "request_id": "a"})
    message = heard(socket)
    assert (message["type"], message["status"]) == ("error", status)
    assert message["error"]["code"] == code
    assert message["gateway_request_id"].startswith("req_")
    assert len(upstream.calls) == calls


def test_a_stream_that_breaks_off_ends_with_an_error(socket, upstream):
    upstream.on("POST", CHAT, sse(EVENT, done=False))
    ask(socket, "a")
    chunk_seen, error = heard_to_the_end(socket, "a")["a"]
    assert chunk_seen["type"] == "chunk"
    assert error["error"]["code"] == "upstream_invalid_response"


@pytest.mark.parametrize("data", [b"5", b"nothing", b'{"a":1},"type":"done"', b"\xff"])
def test_no_event_breaks_out_of_its_message(socket, upstream, data):
    upstream.on("POST", CHAT, sse(EVENT, b"data: " + data + b"\n\n", FINISH))
    ask(socket, "a")
    answer = heard_to_the_end(socket, "a")["a"]
    assert answer[-1]["error"]["code"] == "upstream_invalid_response"


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "[]",
        b"{}",
        '{"type": "ping"}',
        '{"request_id": 5}',
        '{"type": "cancel"}',
        '{"request_id": ""}',
        '{"a":' * 300 + "1" + "}" * 300,
    ],
)
def test_a_message_that_is_none_is_answered_and_forgotten(socket, upstream, message):
    socket.send(message)
    answer = heard(socket)
    assert (answer["type"], answer["request_id"], answer["status"]) == ("error", None, 400)
    ask(socket, "a")
    assert heard_to_the_end(socket, "a")["a"][-1]["type"] == "done"


def test_two_requests_cannot_share_an_id(socket, upstream):
    upstream.on("POST", CHAT, THINKING)
    ask(socket, "a")
    heard(socket)
    ask(socket, "a")
    assert heard(socket)["error"]["param"] == "request_id"


def test_a_connection_carries_so_many_requests(socket, upstream):
    upstream.on("POST", CHAT, hang())
    for request_id in "abcd":
        ask(socket, request_id)
    answer = heard(socket)
    assert (answer["status"], answer["error"]["code"]) == (429, "rate_limit_exceeded")


def test_messages_that_come_too_fast_are_refused(socket, upstream):
    for _ in range(120):
        socket.send('{"type": "cancel", "request_id": "a"}')
    assert heard(socket)["error"]["code"] == "rate_limit_exceeded"


def test_a_message_that_is_too_large_closes_the_socket(socket, upstream):
    socket.send("x" * 200_000)
    with pytest.raises(ConnectionClosed) as closed:
        heard(socket)
    assert closed.value.rcvd.code == 1009


def test_a_client_that_does_not_read_holds_up_the_upstream_and_is_cut(gateway, key, upstream):
    large = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 60_000 + b'"}')
    upstream.on("POST", CHAT, sse(*[large] * 2000))
    gone = upstream.disconnects
    with open_socket(gateway, key, max_queue=1) as socket:
        ask(socket, "a")
        assert upstream.wait_for_disconnect(count=gone + 1)


@pytest.mark.parametrize("path", ["/chat/completions", "//v1//chat/completions/"])
def test_paths_are_as_lenient_as_over_http(gateway, key, upstream, path):
    with open_socket(gateway, key, path=path) as socket:
        ask(socket, "a")
        assert heard(socket)["type"] == "chunk"


@pytest.mark.parametrize("header", ["api-key", "x-api-key"])
def test_the_key_may_be_in_any_header(gateway, key, upstream, header):
    with open_socket(gateway, additional_headers={header: key}) as socket:
        ask(socket, "a")
        assert heard(socket)["type"] == "chunk"


def test_the_key_may_be_a_subprotocol_and_is_not_sent_back(gateway, key, upstream):
    offered = [f"openai-insecure-api-key.{key}", "realtime"]
    with open_socket(gateway, subprotocols=offered) as socket:
        assert socket.subprotocol == "realtime"
        ask(socket, "a")
        assert heard(socket)["type"] == "chunk"


@pytest.mark.parametrize("wrong", ["", "sk-gw-wrong", "sk-gw-' OR 1=1 --"])
def test_a_handshake_without_a_valid_key_is_a_401(gateway, key, wrong):
    assert refusal(gateway, wrong) == (401, "invalid_api_key")


def test_two_different_keys_are_a_401(gateway, key):
    headers = {"api-key": "sk-gw-other"}
    assert refusal(gateway, key, additional_headers=headers) == (401, "conflicting_credentials")


def test_a_cookie_is_no_credential(gateway, key):
    headers = {"Cookie": "sessionid=abc", "Origin": "https://evil.example"}
    assert refusal(gateway, additional_headers=headers) == (401, "invalid_api_key")


def test_an_unknown_host_is_a_400(gateway, key):
    url = f"ws://evil.example:{gateway.port}{SOCKET}"
    options = {"address": ("127.0.0.1", gateway.port), "proxy": None}
    headers = {"api-key": key}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(url, additional_headers=headers, **options),
    ):
        pass
    assert json.loads(refused.value.response.body)["error"]["code"] == "invalid_host"


def test_an_unknown_path_is_a_404(gateway, key):
    assert refusal(gateway, key, path="/v1/nothing") == (404, "not_found")


def test_requests_end_with_words_when_the_gateway_stops(start_gateway, upstream):
    gateway = start_gateway(GATEWAY_SHUTDOWN_GRACE_SECONDS="0")
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": [UPSTREAM_KEY]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_until(lambda: "gpt-4o" in listed(client), what="the model")
    upstream.on("POST", CHAT, THINKING)
    with open_socket(gateway, key) as socket:
        ask(socket, "a")
        assert heard(socket)["type"] == "chunk"
        gateway.process.terminate()
        assert heard(socket)["error"]["code"] == "shutting_down"
        with pytest.raises(ConnectionClosed) as closed:
            heard(socket)
    assert closed.value.rcvd.code == 1012
    assert gateway.process.wait(PATIENCE_SECONDS) == 0
    assert "Traceback" not in gateway.log
