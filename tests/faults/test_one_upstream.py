"""What one upstream, or one client, can do wrong while they talk to each other."""

import asyncio
import gzip
import json
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from tests.faults.conftest import SECRET
from tests.support.api import (
    CHAT,
    chat_body,
    connected,
    request_bytes,
)
from tests.support.responders import (
    chunk,
    close_after,
    hang,
    head,
    json_response,
    raw,
    reset_after,
    reset_before_response,
    sse,
)

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
HTML = b"<html><body>Bad gateway at http://10.0.0.7/</body></html>"


def chat(client, model="gpt-4o", **fields):
    return client.post(CHAT, json=chat_body(model, **fields))


def assert_openai_error(response, status, code, upstream=None):
    """Invariant E: an error as OpenAI shapes it, that shows nothing of what is behind."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert_error_object(response.json()["error"], code, upstream)


def assert_error_object(error, code, upstream=None):
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["code"] == code
    shown = json.dumps(error)
    for hidden in ("http://", "127.0.0.1", "<html", "10.0.0.7", SECRET, "Traceback"):
        assert hidden not in shown
    assert upstream is None or str(upstream.port) not in shown


def broken_stream(client, upstream, breakdown):
    """What a client gets of a stream that it saw begin well, before ``breakdown``."""
    has_begun = threading.Event()

    async def respond(exchange):
        await exchange.send(STREAM_HEAD + chunk(EVENT))
        await asyncio.to_thread(has_begun.wait, 5)
        await breakdown(exchange)

    upstream.on("POST", CHAT, respond)
    with client.stream("POST", CHAT, json=chat_body("gpt-4o", stream=True)) as answer:
        parts = answer.iter_bytes()
        begin = next(parts)
        assert (answer.status_code, begin) == (200, EVENT)
        has_begun.set()
        return b"".join(parts)


def assert_error_event(rest, code, upstream):
    """The only thing to follow is an error: who saw ``[DONE]`` would take the stream for whole."""
    assert rest.startswith(b"data: {")
    assert rest.endswith(b"}\n\n")
    assert_error_object(json.loads(rest.removeprefix(b"data: "))["error"], code, upstream)


@contextmanager
def pending_chat(gateway, key, **fields):
    """The socket of a client that has sent its request and has read nothing yet."""
    body = json.dumps(chat_body("gpt-4o", **fields)).encode()
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    with connected(gateway.port) as connection:
        length = f"Content-Length: {len(body)}"
        connection.sendall(request_bytes(CHAT, *lines, length, method="POST", body=body))
        yield connection


# Before the answer


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["refused", "unresolved"])
def test_an_upstream_that_cannot_be_reached_is_502(client, model, stream):
    assert_openai_error(chat(client, model, stream=stream), 502, "upstream_unavailable")


def test_the_next_target_answers_when_the_first_refuses(client, upstream):
    answer = chat(client, "second-chance")
    assert answer.json()["choices"][0]["message"]["content"] == "Hello world"


@pytest.mark.parametrize("stream", [False, True])
def test_silence_before_the_headers_is_504_in_time(client, upstream, stream):
    upstream.on("POST", CHAT, hang())
    started = time.monotonic()
    assert_openai_error(chat(client, "hasty", stream=stream), 504, "upstream_timeout", upstream)
    assert 0.9 < time.monotonic() - started < 3


def test_a_reset_before_the_headers_is_502_and_not_sent_again(client, upstream):
    upstream.on("POST", CHAT, reset_before_response)
    before = len(upstream.calls)
    assert_openai_error(chat(client, "second-chance"), 502, "upstream_unavailable", upstream)
    assert len(upstream.calls) == before + 1


# An answer that is none


@pytest.mark.parametrize(
    "responder",
    [
        raw(head(content_type="application/json", content_length=9) + b'{"choices'),
        raw(head(content_type="text/html", content_length=len(HTML)) + HTML),
        raw(head(content_type="application/json", content_length=2) + b"[]"),
        close_after(head(content_type="application/json", content_length=500) + b'{"id":'),
        reset_after(head(content_type="application/json", content_length=500) + b'{"id":'),
        json_response({"choices": [], "padding": "x" * 2**20}),
    ],
    ids=["cut JSON", "HTML", "a list", "a body too short", "a reset", "too large"],
)
def test_a_whole_answer_that_makes_no_sense_is_502(client, upstream, responder):
    upstream.on("POST", CHAT, responder)
    assert_openai_error(chat(client), 502, "upstream_invalid_response", upstream)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "seen"), [(502, 502), (500, 502), (503, 503), (404, 404)])
def test_an_error_page_does_not_reach_the_client(client, upstream, status, seen, stream):
    page = raw(head(status, content_type="text/html", content_length=len(HTML)) + HTML)
    upstream.on("POST", CHAT, page)
    code = "upstream_error" if seen >= 500 else None
    assert_openai_error(chat(client, stream=stream), seen, code, upstream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_is_busy_says_for_how_long(client, upstream, stream):
    error = {"message": "Slow down.", "type": "tokens", "code": "rate_limit_exceeded"}
    upstream.on("POST", CHAT, json_response({"error": error}, 429, {"Retry-After": "7"}))
    answer = chat(client, stream=stream)
    assert_openai_error(answer, 429, "provider_rate_limited", upstream)
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_the_upstream_refuses_is_not_the_clients_fault(client, upstream, status):
    error = {"message": f"Incorrect API key provided: {SECRET}.", "code": "invalid_api_key"}
    upstream.on("POST", CHAT, json_response({"error": error}, status))
    assert_openai_error(chat(client), 502, "upstream_auth_failed", upstream)


def test_an_upstream_that_quotes_its_key_is_censored(client, upstream):
    error = {"message": f"Key {SECRET} cannot do that.", "type": "invalid_request_error"}
    upstream.on("POST", CHAT, json_response({"error": error}, 400))
    assert_openai_error(chat(client), 400, None, upstream)


@pytest.mark.parametrize(("code", "status"), [(400, 400), (429, 429), (500, 502), (None, 502)])
def test_an_error_in_a_successful_answer_gets_a_real_status(client, upstream, code, status):
    error = {"message": "The context is too long.", "type": "BadRequestError", "code": code}
    upstream.on("POST", CHAT, json_response({"object": "error", "error": error}))
    assert chat(client).status_code == status
    upstream.on("POST", CHAT, sse({"error": error}))
    assert chat(client, stream=True).status_code == status


def test_a_body_that_swells_when_decoded_is_502(client, upstream):
    bomb = gzip.compress(bytes(200 * 2**20), compresslevel=1)
    fields = {"content_type": "application/json", "content_encoding": "gzip"}
    upstream.on("POST", CHAT, raw(head(content_length=len(bomb), **fields) + bomb))
    assert_openai_error(chat(client), 502, "upstream_invalid_response", upstream)


# A stream that is none


@pytest.mark.parametrize(
    "responder",
    [
        sse(b"<html>Bad gateway</html>\n\n", done=False),
        sse(b"data: " + b"x" * 200_000, done=False),
        sse(done=False),
        close_after(STREAM_HEAD),
        json_response({"choices": []}),
    ],
    ids=["HTML", "a line too long", "nothing", "a hang-up", "no stream at all"],
)
def test_a_stream_that_fails_at_once_is_502(client, upstream, responder):
    upstream.on("POST", CHAT, responder)
    assert_openai_error(chat(client, stream=True), 502, "upstream_invalid_response", upstream)


@pytest.mark.parametrize(
    "breakdown",
    [
        reset_after(b""),
        close_after(b""),
        close_after(chunk(b"")),
        close_after(chunk(b'data: {"choices":[{"ind')),
        raw(chunk(b"data: " + b"x" * 200_000)),
        raw(chunk(HTML + b"\n\n")),
        raw(b"this is no chunk\r\n"),
    ],
    ids=["reset", "hang-up", "clean end", "half an event", "long line", "HTML", "broken framing"],
)
def test_a_stream_that_breaks_ends_with_an_error_event(client, upstream, breakdown):
    rest = broken_stream(client, upstream, breakdown)
    assert_error_event(rest, "upstream_invalid_response", upstream)


def test_an_error_in_mid_stream_is_passed_on_in_our_shape(client, upstream):
    error = b'{"error":{"message":"Overloaded: %b","type":"overloaded"}}' % SECRET.encode()
    rest = broken_stream(client, upstream, raw(chunk(b"data: %b\n\n" % error)))
    assert_error_event(rest, "upstream_error", upstream)


def test_silence_in_mid_stream_ends_with_an_error_event(client, upstream):
    started = time.monotonic()
    rest = broken_stream(client, upstream, hang())
    assert_error_event(rest, "upstream_timeout", upstream)
    assert time.monotonic() - started < 4


def test_a_long_stream_is_not_silent(client, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 4, FINISH, delay=0.4))
    answer = chat(client, stream=True)
    assert answer.content.count(b'"Hel"') == 4
    assert answer.content.endswith(b"data: [DONE]\n\n")


# A client that leaves or dawdles


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_before_the_answer_ends_the_call(gateway, key, upstream, stream):
    upstream.on("POST", CHAT, hang())
    calls, gone = len(upstream.requests), upstream.disconnects
    with pending_chat(gateway, key, stream=stream):
        assert upstream.wait_for_request(calls + 1)
    assert upstream.wait_for_disconnect(timeout=1, count=gone + 1)


def test_a_client_that_leaves_in_mid_stream_ends_the_call(gateway, key, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 200, delay=0.1))
    gone = upstream.disconnects
    with pending_chat(gateway, key, stream=True) as connection:
        assert b"200 OK" in connection.recv(4096)
    assert upstream.wait_for_disconnect(timeout=1, count=gone + 1)


def test_a_client_that_leaves_while_a_whole_answer_comes_ends_the_call(gateway, key, upstream):
    upstream.on("POST", CHAT, hang(head(content_length=100) + b'{"id":'))
    calls, gone = len(upstream.requests), upstream.disconnects
    with pending_chat(gateway, key):
        assert upstream.wait_for_request(calls + 1)
    assert upstream.wait_for_disconnect(timeout=1, count=gone + 1)


def test_a_client_that_does_not_read_is_dropped(gateway, key, upstream):
    large = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 60_000 + b'"}')
    upstream.on("POST", CHAT, sse(*[large] * 2000))
    gone = upstream.disconnects
    with pending_chat(gateway, key, stream=True) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert upstream.wait_for_disconnect(timeout=6, count=gone + 1)
