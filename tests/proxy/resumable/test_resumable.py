"""Streams that outlive their client's connection, against a live gateway."""

import json
from contextlib import contextmanager

import pytest
import redis

from tests.support.api import CHAT, asked, chat_body, client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.responders import chunk, complete_chat, hang, head, sse
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

RESUMABLE = {"x-gateway-resumable": "true"}
STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")


def event(text):
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


EVENTS = [event(str(number)) for number in range(6)]
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = b"".join([*EVENTS, FINISH, DONE])


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o", "hidden")) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def ready(crew, upstream):
    crew.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["gpt-4o"], "everyone": True}],
    )
    return crew


@pytest.fixture(scope="module")
def alice(ready):
    with client_of(ready, ready.api_key("alice")) as client:
        wait_for_models(client, "gpt-4o")
        yield client


@pytest.fixture(scope="module")
def bob(ready):
    with client_of(ready, ready.api_key("bob")) as client:
        yield client


@contextmanager
def begun(client, **headers):
    body = chat_body("gpt-4o", stream=True)
    with client.stream("POST", CHAT, json=body, headers=RESUMABLE | headers) as answer:
        assert answer.status_code == 200
        yield answer


def abandoned(client, count=2):
    """The id of a request whose client left after so many events."""
    with begun(client) as answer:
        seen = b""
        parts = answer.iter_bytes()
        while seen.count(b"data:") < count:
            seen += next(parts)
        return answer.headers["x-request-id"]


def path_of(request_id):
    return f"/v1/chat/completions/{request_id}/stream"


def resumed(client, request_id, number):
    """Asked on a connection of its own, which any worker may take."""
    headers = {"Connection": "close"}
    path = path_of(request_id)
    return client.get(path, params={"starting_after": number}, headers=headers)


def test_a_stream_that_is_read_to_its_end_is_the_same(alice, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    with begun(alice) as answer:
        assert answer.headers["x-gateway-resumable"] == "true"
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.read() == WHOLE


def test_an_abandoned_stream_goes_on_and_is_read_from_any_event(alice, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH, delay=0.15))
    request_id = abandoned(alice)
    for number in (2, 0, 5, 8, 2):
        rest = b"".join([*EVENTS, FINISH, DONE][number:])
        assert resumed(alice, request_id, number).content == rest


def test_a_finished_stream_can_be_read_again_by_every_worker(alice, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    with begun(alice) as answer:
        answer.read()
    for _ in range(4):
        assert resumed(alice, answer.headers["x-request-id"], 0).content == WHOLE


def test_others_find_nothing(alice, bob, ready, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    request_id = abandoned(alice)
    other_key = ready.api_key("alice")
    with client_of(ready, other_key) as another_key_of_alice:
        for client in (bob, another_key_of_alice):
            for answer in (resumed(client, request_id, 0), client.delete(path_of(request_id))):
                assert answer.status_code == 404
                assert answer.json()["error"]["code"] == "stream_not_found"
    assert resumed(alice, request_id, 0).content == WHOLE


@pytest.fixture(scope="module")
def carol(ready):
    """Someone whose key keeps streams unasked."""
    made = ready.manage("create_api_key", "carol", "--create-user", "--resumable", "--json")
    with client_of(ready, json.loads(made.stdout)["key"]) as client:
        yield client


def test_a_key_keeps_its_streams_without_being_asked(carol, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    answer = carol.post(CHAT, json=chat_body("gpt-4o", stream=True))
    assert (answer.headers["x-gateway-resumable"], answer.content) == ("true", WHOLE)
    assert resumed(carol, answer.headers["x-request-id"], 5).content == EVENTS[5] + FINISH + DONE


def test_a_request_of_such_a_key_may_say_no(carol, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    body = chat_body("gpt-4o", stream=True)
    answer = carol.post(CHAT, json=body, headers={"x-gateway-resumable": "false"})
    assert answer.content == WHOLE
    assert "x-gateway-resumable" not in answer.headers
    assert resumed(carol, answer.headers["x-request-id"], 0).status_code == 404


def test_whole_answers_of_such_a_key_are_as_ever(carol, upstream):
    upstream.on("POST", CHAT, complete_chat)
    answer = carol.post(CHAT, json=chat_body("gpt-4o"))
    assert answer.json()["choices"][0]["message"]["content"] == "Hello world"


def test_an_unknown_stream_is_not_found(alice):
    assert resumed(alice, "req_0", 0).json()["error"]["code"] == "stream_not_found"


@pytest.mark.parametrize("number", ["-1", "x", "1.5", "9" * 30, "²"])
def test_a_number_that_is_none_is_a_400(alice, number):
    answer = resumed(alice, "req_0", number)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "starting_after")


def test_a_stream_is_cancelled_by_its_owner(alice, upstream):
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENTS[0])))
    gone = upstream.disconnects
    request_id = abandoned(alice, count=1)
    answer = alice.delete(path_of(request_id), headers={"Connection": "close"})
    assert answer.json()["cancelled"] is True
    assert upstream.wait_for_disconnect(count=gone + 1)
    rest = resumed(alice, request_id, 1).content
    assert json.loads(rest.removeprefix(b"data: "))["error"]["code"] == "cancelled"


def test_a_stream_that_nobody_asked_to_keep_is_not(alice, upstream):
    upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENTS[0])))
    gone = upstream.disconnects
    body = chat_body("gpt-4o", stream=True)
    with alice.stream("POST", CHAT, json=body) as answer:
        next(answer.iter_bytes())
    assert upstream.wait_for_disconnect(count=gone + 1)
    assert resumed(alice, answer.headers["x-request-id"], 0).status_code == 404


def test_a_stream_that_broke_off_is_told_so_as_often_as_one_asks(alice, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS[:3], done=False))
    request_id = abandoned(alice, count=1)
    for _ in range(3):
        rest = resumed(alice, request_id, 3).content
        error = json.loads(rest.removeprefix(b"data: "))["error"]
        assert error["code"] == "upstream_invalid_response"


def test_errors_are_as_without_resuming(alice, upstream):
    upstream.on("POST", CHAT, complete_chat)
    body = chat_body("hidden", stream=True)
    answer = alice.post(CHAT, json=body, headers=RESUMABLE)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.headers.get_list("content-type") == ["application/json"]


@pytest.mark.parametrize(
    ("headers", "param"),
    [(RESUMABLE, "stream"), ({"x-gateway-resumable": "maybe"}, "x-gateway-resumable")],
)
def test_what_cannot_be_resumed_is_a_400(alice, headers, param):
    answer = alice.post(CHAT, json=chat_body("gpt-4o"), headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


def test_the_upstream_hears_of_nothing(alice, upstream):
    upstream.on("POST", CHAT, sse(*EVENTS, FINISH))
    with begun(alice) as answer:
        answer.read()
    sent = upstream.calls[-1]
    assert sent.header("x-gateway-resumable") is None
    assert sent.json["stream"] is True


def test_a_client_that_left_before_it_knew_the_id_ends_the_call(alice, ready, upstream):
    upstream.on("POST", CHAT, hang())
    calls, gone = len(upstream.calls), upstream.disconnects
    with asked(
        ready, ready.api_key("alice"), "x-gateway-resumable: true", model="gpt-4o", stream=True
    ):
        wait_until(lambda: len(upstream.calls) == calls + 1, what="the call")
    assert upstream.wait_for_disconnect(count=gone + 1)


def test_a_stream_outlives_a_worker_that_died(start_gateway, upstream):
    gateway = start_gateway("postgres+redis", GATEWAY_REQUIRE_STAFF_MFA="false")
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["gpt-4o"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o")
        upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(b"".join(EVENTS))))
        request_id = abandoned(client, count=6)
        with redis.Redis.from_url(gateway.environment["REDIS_URL"]) as kept:
            wait_until(lambda: kept.exists(f"gatehouse:stream:{request_id}"), what="the copy")
        gateway.kill()
        gateway.start()
        content = resumed(client, request_id, 0).content
    assert content.startswith(b"".join(EVENTS))
    rest = content.removeprefix(b"".join(EVENTS)).removeprefix(b": keep-alive\n\n")
    assert json.loads(rest.removeprefix(b"data: "))["error"]["code"] == "stream_broken_off"
