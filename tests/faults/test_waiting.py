"""What a client sees while the upstream thinks, and of upstreams that only seem alive."""

import json
import threading

import pytest

from tests.faults.roads import ROADS
from tests.support.api import CHAT, chat_body, client_of
from tests.support.responders import chunk, drip, hang, head, json_response, sse, when_told
from tests.support.serving import gateway_before
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"
COMMENT = b": keep-alive\n\n"
LIMITS = {
    "AIOHTTP_CLIENT_TIMEOUT": "1.5",
    "GATEWAY_STREAM_KEEP_ALIVE_SECONDS": "0.3",
    "GATEWAY_STREAM_IDLE_TIMEOUT": "1.5",
    "GATEWAY_STREAM_MAX_SECONDS": "3",
    "GATEWAY_MAX_STREAM_BYTES": "100000",
}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as upstream:
        yield upstream


@pytest.fixture(scope="module", params=ROADS.values(), ids=ROADS)
def client(request, stores, tmp_path_factory, upstream):
    directory = tmp_path_factory.mktemp("waiting")
    environment = LIMITS | request.param
    with (
        gateway_before(upstream, stores, directory, **environment) as (gateway, key),
        client_of(gateway, key) as client,
    ):
        yield client


def stream(client):
    return client.post(CHAT, json=chat_body("gpt-4o", stream=True))


def before_the_error(answer, code):
    """What the client saw before the error that its stream must end with."""
    assert answer.status_code == 200
    seen, mark, error = answer.content.partition(b'data: {"error"')
    assert json.loads(b'{"error"' + error)["error"]["code"] == code, mark
    return seen


def test_comments_keep_the_client_while_the_upstream_thinks(client, upstream):
    upstream.on("POST", CHAT, sse(EVENT, FINISH, delay=0.6))
    answer = stream(client)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content.startswith(COMMENT)
    assert answer.content.replace(COMMENT, b"") == EVENT + FINISH + DONE


def test_comments_keep_the_client_before_the_upstream_says_a_word(client, upstream):
    async def think(exchange):
        await drip(STREAM_HEAD[-1:], every=0.7, before=STREAM_HEAD[:-1])(exchange)
        await exchange.send(chunk(EVENT + FINISH + DONE) + chunk(b""))

    upstream.on("POST", CHAT, think)
    answer = stream(client)
    assert answer.content.startswith(COMMENT)
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.content.replace(COMMENT, b"") == EVENT + FINISH + DONE


def test_no_comment_comes_between_quick_events(client, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 40, FINISH, delay=0.015))
    assert stream(client).content == EVENT * 40 + FINISH + DONE


def test_an_error_in_time_is_a_status(client, upstream):
    upstream.on("POST", CHAT, json_response({"error": {"message": "Bad."}}, 400))
    assert stream(client).status_code == 400


def test_an_error_too_late_for_a_status_is_an_event(client, upstream):
    upstream.on("POST", CHAT, hang())
    assert before_the_error(stream(client), "upstream_timeout").startswith(COMMENT)


def test_a_whole_answer_is_waited_for_in_silence(client, upstream):
    upstream.on("POST", CHAT, hang())
    assert client.post(CHAT, json=chat_body("gpt-4o")).status_code == 504


def test_comments_of_the_upstream_are_no_sign_of_life(client, upstream):
    upstream.on("POST", CHAT, sse(EVENT, *[b": ping\n\n"] * 20, FINISH, delay=0.25))
    seen = before_the_error(stream(client), "upstream_timeout")
    assert seen.startswith(EVENT + b": ping")


def test_a_stream_without_an_end_ends_in_time(client, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 45, delay=0.1))
    assert before_the_error(stream(client), "upstream_timeout").startswith(EVENT)


def test_a_stream_without_an_end_ends_at_its_cap(client, upstream):
    half_is_there = threading.Event()  # a read that passes the cap would not be passed on at all
    before, after = EVENT * 700, EVENT * 1300
    upstream.on("POST", CHAT, when_told(half_is_there, STREAM_HEAD + chunk(before), chunk(after)))
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        parts = []
        for part in answer.iter_bytes():
            parts.append(part)
            if b"".join(parts).replace(COMMENT, b"") == before:
                half_is_there.set()
    seen, _, error = b"".join(parts).partition(b'data: {"error"')
    assert json.loads(b'{"error"' + error)["error"]["code"] == "upstream_invalid_response"
    assert 50_000 < len(seen) <= 100_000
