"""Realtime and Responses over WebSockets, against an upstream that speaks them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.proxy.websockets.conftest import UPSTREAM_KEY
from tests.support.api import client_of, connected, listed, request_bytes
from tests.support.processes import PATIENCE_SECONDS, free_port, wait_until
from tests.support.responders import hang
from tests.support.socket_upstream import socket_upstream
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

REALTIME = "/v1/realtime?model=talk"
RESPONSES = "/v1/responses"


@pytest.fixture(scope="module")
def shared():
    with socket_upstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(shared):
    shared.forget()
    return shared


@pytest.fixture(scope="module")
def callers(gateway, shared, shared_upstream):
    """A gateway, and the key of someone who may use ``talk`` and ``listen``."""
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    gateway.configure(
        connections=[
            {
                "name": "speaking",
                "base_url": shared.url,
                "keys": [UPSTREAM_KEY],
                "model_ids": ["talk", "listen", "busy", "secret"],
            },
            {
                "name": "classic",
                "provider": "azure",
                "base_url": shared.url.removesuffix("/v1"),
                "keys": [UPSTREAM_KEY],
                "api_version": "2024-10-01-preview",
                "model_ids": ["my-talk"],
            },
            {"name": "absent", "base_url": nobody, "model_ids": ["absent"]},
            {"name": "mute", "base_url": shared_upstream.url, "model_ids": ["mute"]},
        ],
        grants=[
            {
                "models": ["talk", "my-talk", "listen", "busy", "absent", "mute"],
                "everyone": True,
            }
        ],
    )
    made = json.loads(gateway.manage("create_api_key", "carol", "--create-user", "--json").stdout)
    with client_of(gateway, made["key"]) as client:
        wait_until(lambda: {"talk", "listen", "mute"} <= listed(client), what="the models")
    return gateway, made


@pytest.fixture
def socket(callers, upstream):
    gateway, made = callers
    with open_socket(gateway, made["key"], path=REALTIME) as socket:
        yield socket


def refusal(callers, path, key=None):
    gateway, made = callers
    with (
        pytest.raises(InvalidStatus) as refused,
        open_socket(gateway, made["key"] if key is None else key, path=path),
    ):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body)["error"]["code"]


def close_code(socket):
    with pytest.raises(ConnectionClosed) as closed:
        heard(socket)
    return closed.value.rcvd.code


def record(gateway):
    """The newest record of a socket that counted tokens, if there is one."""
    code = (
        "import json; from usage.models import UsageRow;"
        "fields = ('endpoint', 'surface', 'prompt_tokens', 'completion_tokens');"
        "rows = UsageRow.objects.filter(prompt_tokens__gt=0, endpoint='realtime');"
        "print(json.dumps(rows.values(*fields).last()))"
    )
    return json.loads(gateway.manage("shell", "--no-imports", "-c", code).stdout)


def test_messages_pass_in_both_directions(socket, upstream):
    say(socket, {"type": "response.create", "audio": "x" * 100_00, "n": None})
    answer = heard(socket)
    assert answer["message"] == {"type": "response.create", "audio": "x" * 100_00, "n": None}


def test_the_upstream_is_asked_with_its_own_key_and_name_of_the_model(socket, upstream):
    (request,) = upstream.handshakes
    assert request.path == "/v1/realtime?model=talk"
    assert request.headers["authorization"] == f"Bearer {UPSTREAM_KEY}"
    assert "origin" not in request.headers
    assert "sec-websocket-protocol" not in request.headers


def test_azure_is_asked_at_its_classic_address_and_asks_at_it(callers, upstream):
    gateway, made = callers
    path = "/openai/realtime?api-version=2024-10-01-preview&deployment=my-talk"
    with open_socket(gateway, path=path, additional_headers={"api-key": made["key"]}) as socket:
        say(socket, {"type": "session.update", "session": {"model": "my-talk"}})
        heard(socket)
    (request,) = upstream.handshakes
    assert request.path == path
    assert request.headers["api-key"] == UPSTREAM_KEY


def test_an_upstream_s_close_code_reaches_the_client(socket, upstream):
    upstream.answer = lambda socket, _message: socket.close(4001, f"over, {UPSTREAM_KEY}")
    say(socket, {"type": "x"})
    with pytest.raises(ConnectionClosed) as closed:
        heard(socket)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "over, [removed]")


def test_a_client_s_close_code_reaches_the_upstream(socket, upstream):
    say(socket, {"type": "x"})
    heard(socket)
    socket.close(4002)
    wait_until(lambda: 4002 in upstream.closed_with, what="the close")


def test_an_upstream_that_breaks_off_is_told_of(socket, upstream):
    upstream.answer = lambda socket, _message: socket.socket.close()
    say(socket, {"type": "x"})
    assert close_code(socket) == 1011


def test_what_the_gateway_keeps_is_gone_on_from_beside_an_open_socket(callers, upstream):
    """Over HTTP, which this upstream answers with an error."""
    gateway, made = callers
    with client_of(gateway, made["key"]) as client:
        kept = client.post("/v1/conversations", json={}).raise_for_status().json()["id"]
    create = {"type": "response.create", "model": "talk", "input": "Hi"}
    with open_socket(gateway, made["key"], path=RESPONSES) as socket:
        say(socket, create)
        assert heard(socket)["type"] == "heard"
        say(socket, create | {"conversation": kept})
        told = heard(socket)
        assert (told["type"], told["status"]) == ("error", 502)
        say(socket, create | {"conversation": "conv_gw_" + "0" * 32})
        assert heard(socket)["error"]["code"] == "conversation_not_found"
        say(socket, create)
        assert heard(socket)["type"] == "heard"
    assert [message.get("conversation") for message in upstream.messages] == [None, None]


def test_two_responses_of_a_socket_do_not_mix(callers, upstream):
    begun = {"type": "response.created", "response": {"id": "resp_1"}}
    upstream.answer = lambda socket, _message: socket.send(json.dumps(begun))
    create = {"type": "response.create", "model": "talk"}
    gateway, made = callers
    with open_socket(gateway, made["key"], path=RESPONSES) as socket:
        say(socket, create)
        assert heard(socket) == begun
        say(socket, create | {"previous_response_id": "resp_gw_" + "0" * 32})
        assert heard(socket)["error"]["param"] == "previous_response_id"


@pytest.mark.parametrize("way", ["breaks off", "closes"])
def test_a_response_that_is_open_fails_with_its_socket(callers, upstream, way):
    def answer(socket, _message):
        begun = {"id": "resp_1", "status": "in_progress", "model": "talk"}
        socket.send(
            json.dumps({"type": "response.created", "sequence_number": 0, "response": begun})
        )
        socket.send(json.dumps({"type": "response.output_text.delta", "sequence_number": 1}))
        socket.close(1000) if way == "closes" else socket.socket.close()

    upstream.answer = answer
    gateway, made = callers
    with open_socket(gateway, made["key"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "talk"})
        failed = [heard(socket) for _ in range(3)][-1]
        assert (failed["type"], failed["sequence_number"]) == ("response.failed", 2)
        assert (failed["response"]["id"], failed["response"]["status"]) == ("resp_1", "failed")
        assert close_code(socket) == (1000 if way == "closes" else 1011)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/realtime?model=secret", (404, "model_not_found")),
        ("/v1/realtime?model=nowhere", (404, "model_not_found")),
        ("/v1/realtime", (400, None)),
        ("/v1/realtime?model=absent", (502, "upstream_unavailable")),
    ],
)
def test_a_socket_that_cannot_be_opened_is_an_error_of_http(callers, upstream, path, expected):
    assert refusal(callers, path) == expected
    assert upstream.handshakes == []


@pytest.mark.parametrize("path", [REALTIME, RESPONSES])
def test_a_wrong_key_is_a_401(callers, upstream, path):
    assert refusal(callers, path, key="sk-gw-wrong") == (401, "invalid_api_key")
    assert upstream.handshakes == []


def test_an_upstream_s_refusal_is_told(callers, upstream):
    upstream.refusal = lambda socket: socket.respond(HTTPStatus.TOO_MANY_REQUESTS, "busy")
    # Of a model of its own, since the limit is remembered.
    assert refusal(callers, "/v1/realtime?model=busy") == (429, "provider_rate_limited")


@pytest.mark.parametrize("endpoint", ["realtime", "responses"])
def test_a_client_that_leaves_while_the_upstream_thinks_ends_the_call(
    callers, shared_upstream, endpoint
):
    gateway, made = callers
    shared_upstream.on("GET", f"/v1/{endpoint}", hang())
    asked, gone = len(shared_upstream.requests), shared_upstream.disconnects
    lines = ["Host: localhost", f"Authorization: Bearer {made['key']}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    first = json.dumps({"type": "response.create", "model": "mute"}).encode()
    with connected(gateway.port) as client:
        client.sendall(request_bytes(f"/v1/{endpoint}?model=mute", *lines))
        if endpoint == "responses":  # asked for by the first message; masked with zeros
            assert b"101 Switching" in client.recv(1000)
            for _ in range(2):
                client.sendall(bytes([0x81, 0x80 | len(first)]) + bytes(4) + first)
        wait_until(
            lambda: any(f"/{endpoint}" in r.target for r in shared_upstream.requests[asked:]),
            what="the call",
        )
    assert shared_upstream.wait_for_disconnect(count=gone + 1)


def test_a_key_that_is_revoked_while_the_upstream_thinks_ends_the_call(callers, shared_upstream):
    gateway, _ = callers
    made = json.loads(gateway.manage("create_api_key", "finn", "--create-user", "--json").stdout)
    shared_upstream.on("GET", "/v1/realtime", hang())
    asked, gone = len(shared_upstream.requests), shared_upstream.disconnects
    with ThreadPoolExecutor() as pool:
        refused = pool.submit(refusal, callers, "/v1/realtime?model=mute", made["key"])
        wait_until(
            lambda: any("/realtime" in r.target for r in shared_upstream.requests[asked:]),
            what="the call",
        )
        gateway.manage("revoke_api_key", made["id"])
        assert refused.result(PATIENCE_SECONDS) == (503, "access_withdrawn")
    assert shared_upstream.wait_for_disconnect(count=gone + 1)


def test_a_redirect_is_not_followed(callers, upstream):
    def redirect(socket):
        response = socket.respond(HTTPStatus.FOUND, "")
        response.headers["Location"] = f"{upstream.url}/elsewhere"
        return response

    upstream.refusal = redirect
    assert refusal(callers, REALTIME)[0] == 502
    assert len(upstream.handshakes) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"type": "session.update", "session": {"model": "secret"}},
        {"type": "session.update", "session": {"Model": "secret"}},
        {"type": "response.create", "response": {"model": "listen"}},
        {"type": "response.create", "model": "secret"},
        {"type": "session.update", "session": {"input_audio_transcription": {"model": "secret"}}},
        {
            "type": "session.update",
            "session": {"audio": {"input": {"transcription": {"model": "nowhere"}}}},
        },
    ],
)
def test_no_message_names_a_model_that_is_not_the_caller_s(socket, upstream, message):
    say(socket, message)
    assert heard(socket)["type"] == "error"
    assert upstream.messages == []


def test_a_transcription_model_of_the_caller_s_passes(socket, upstream):
    message = {
        "type": "session.update",
        "session": {"model": "talk", "input_audio_transcription": {"model": "listen"}},
    }
    say(socket, message)
    assert heard(socket)["message"] == message


def test_of_a_field_that_stands_twice_only_what_was_looked_at_is_sent(socket, upstream):
    socket.send('{"type":"session.update","session":{"model":"secret","model":"talk"}}')
    assert heard(socket)["message"]["session"] == {"model": "talk"}


DEEP = '{"a":' * 300 + "1" + "}" * 300


@pytest.mark.parametrize("message", ["x", "[]", "5", '"model"', DEEP], ids=lambda m: m[:7])
def test_a_message_that_is_no_object_goes_nowhere(socket, upstream, message):
    socket.send(message)
    assert heard(socket)["error"]["type"] == "invalid_request_error"
    assert upstream.messages == []


def test_bytes_close_the_socket(socket, upstream):
    socket.send(b"{}")
    assert close_code(socket) == 1003


def test_a_message_that_is_too_large_closes_the_socket(socket, upstream):
    socket.send(json.dumps({"type": "x", "audio": "x" * 100_000}))
    assert close_code(socket) == 1009
    assert upstream.messages == []


def test_messages_that_come_too_fast_are_held_up_and_none_is_lost(socket, upstream):
    for number in range(60):  # 40 may come at once, and 8 a second
        say(socket, {"type": "input_audio_buffer.append", "n": number})
    started = time.monotonic()
    wait_until(lambda: len(upstream.messages) == 60, what="the messages")
    assert time.monotonic() - started > 1
    assert [message["n"] for message in upstream.messages] == list(range(60))


def test_responses_are_routed_by_the_first_message(callers, upstream):
    gateway, made = callers
    with open_socket(gateway, made["key"], path=RESPONSES) as socket:
        say(socket, {"type": "response.create", "model": "secret", "input": "Hi"})
        assert heard(socket)["error"]["code"] == "model_not_found"
        assert upstream.handshakes == []
        message = {"type": "response.create", "model": "talk", "input": "Hi"}
        say(socket, message)
        assert heard(socket)["message"] == message
        assert upstream.handshakes[0].path == "/v1/responses"
        say(socket, {**message, "model": "listen"})
        assert heard(socket)["error"]["code"] == "model_not_found"


@pytest.mark.parametrize("end", ["done", "completed", "incomplete", "failed"])
def test_a_socket_is_one_record_with_the_tokens_of_all_its_answers(callers, upstream, end):
    gateway, made = callers
    usage = {"input_tokens": 3, "output_tokens": 5}
    done = json.dumps({"type": f"response.{end}", "response": {"usage": usage}})
    upstream.answer = lambda socket, _message: socket.send(done)
    with open_socket(gateway, made["key"], path=REALTIME) as socket:
        for _ in range(2):
            say(socket, {"type": "response.create"})
            heard(socket)
    wait_until(lambda: record(gateway) is not None, what="the record")
    found = record(gateway)
    assert (found["endpoint"], found["surface"]) == ("realtime", "websocket")
    assert (found["prompt_tokens"], found["completion_tokens"]) == (6, 10)


def test_an_idle_socket_is_closed_when_its_key_is_revoked(callers, upstream):
    gateway, _ = callers
    made = json.loads(gateway.manage("create_api_key", "erin", "--create-user", "--json").stdout)
    with open_socket(gateway, made["key"], path=RESPONSES) as socket:
        gateway.manage("revoke_api_key", made["id"])
        assert heard(socket)["error"]["code"] == "access_withdrawn"
        assert close_code(socket) == 1008


def test_a_socket_is_closed_when_its_key_is_revoked(callers, upstream):
    gateway, _ = callers
    made = json.loads(gateway.manage("create_api_key", "dave", "--create-user", "--json").stdout)
    with open_socket(gateway, made["key"], path=REALTIME) as socket:
        say(socket, {"type": "x"})
        heard(socket)
        gateway.manage("revoke_api_key", made["id"])
        assert heard(socket)["error"]["code"] == "access_withdrawn"
        assert close_code(socket) == 1008
    wait_until(lambda: 1000 in upstream.closed_with, what="the close")


def client_secret(callers, **body):
    gateway, made = callers
    with client_of(gateway, made["key"]) as client:
        answer = client.post("/v1/realtime/client_secrets", json=body).raise_for_status()
        return answer.json()["value"]


def test_a_client_secret_opens_realtime_with_its_session(callers, upstream):
    gateway, _ = callers
    session = {"type": "realtime", "model": "talk", "instructions": "Be brief."}
    secret = client_secret(callers, session=session)
    for path in (REALTIME, "/v1/realtime"):
        with open_socket(gateway, secret, path=path) as socket:
            first = heard(socket)["message"]
            assert first["type"] == "session.update"
            assert first["session"] == {"type": "realtime", "instructions": "Be brief."}
            say(socket, {"type": "response.create"})
            assert heard(socket)["message"] == {"type": "response.create"}
    assert all(secret not in str(handshake.headers) for handshake in upstream.handshakes)


def test_a_client_secret_is_for_its_model_and_for_realtime_alone(callers, upstream):
    secret = client_secret(callers, session={"model": "talk"})
    assert refusal(callers, "/v1/realtime?model=listen", secret) == (400, None)
    assert refusal(callers, RESPONSES, secret) == (401, "invalid_api_key")
    assert refusal(callers, "/v1/chat/completions", secret) == (401, "invalid_api_key")
    assert refusal(callers, REALTIME, f"{secret[:-1]}x") == (401, "invalid_api_key")
