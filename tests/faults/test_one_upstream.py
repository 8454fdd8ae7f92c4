"""What one upstream, or one client, can do wrong before an answer, or instead of one."""

import gzip
import json
import socket
import time
from contextlib import contextmanager

import pytest

from tests.faults.conftest import LIMITED
from tests.faults.errors import SECRET, assert_openai_error
from tests.faults.surfaces import CHAT_EVENT as EVENT
from tests.support.api import (
    CHAT,
    chat_body,
    connected,
    request_bytes,
)
from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import (
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

HTML = b"<html><body>Bad gateway at http://10.0.0.7/</body></html>"


def chat(client, model="gpt-4o", **fields):
    return client.post(CHAT, json=chat_body(model, **fields))


def assert_refused(ledger, answer, status, code):
    """An error of HTTP, and a record that says the same."""
    assert_openai_error(answer, status, code)
    error_code = code or answer.json()["error"]["type"]
    ledger.assert_one_more(status, error_code, is_client_gone=False)


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
def test_an_upstream_that_cannot_be_reached_is_502(client, ledger, model, stream):
    assert_refused(ledger, chat(client, model, stream=stream), 502, "upstream_unavailable")


def test_the_next_target_answers_when_the_first_refuses(client, ledger, upstream):
    answer = chat(client, "second-chance")
    assert answer.json()["choices"][0]["message"]["content"] == "Hello world"
    assert answer.headers["x-gateway-attempts"] == "2"
    ledger.assert_one_more(200)


@pytest.mark.parametrize("stream", [False, True])
def test_silence_before_the_headers_is_504_in_time(client, ledger, upstream, stream):
    upstream.on("POST", CHAT, hang())
    started = time.monotonic()
    assert_refused(ledger, chat(client, "hasty", stream=stream), 504, "upstream_timeout")
    assert 0.9 < time.monotonic() - started < PATIENCE_SECONDS


def test_a_reset_before_the_headers_is_502_and_not_sent_again(client, ledger, upstream):
    upstream.on("POST", CHAT, reset_before_response)
    before = len(upstream.calls)
    assert_refused(ledger, chat(client, "second-chance"), 502, "upstream_unavailable")
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
def test_a_whole_answer_that_makes_no_sense_is_502(client, ledger, upstream, responder):
    upstream.on("POST", CHAT, responder)
    assert_refused(ledger, chat(client), 502, "upstream_invalid_response")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("status", "seen"), [(502, 502), (500, 502), (503, 503), (404, 404)])
def test_an_error_page_does_not_reach_the_client(client, ledger, upstream, status, seen, stream):
    page = raw(head(status, content_type="text/html", content_length=len(HTML)) + HTML)
    upstream.on("POST", CHAT, page)
    code = "upstream_error" if seen >= 500 else None
    assert_refused(ledger, chat(client, stream=stream), seen, code)


@pytest.mark.parametrize(("stream", "model"), [(False, LIMITED[0]), (True, LIMITED[1])])
def test_a_provider_that_is_busy_says_for_how_long(client, ledger, upstream, stream, model):
    error = {"message": "Slow down.", "type": "tokens", "code": "rate_limit_exceeded"}
    upstream.on("POST", CHAT, json_response({"error": error}, 429, {"Retry-After": "7"}))
    answer = chat(client, model, stream=stream)
    assert_refused(ledger, answer, 429, "rate_limit_exceeded")
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-should-retry"] == "true"


def test_a_provider_that_is_busy_is_not_asked_before_its_time(client, ledger, upstream):
    upstream.on("POST", CHAT, json_response({}, 429, {"Retry-After": "30"}))
    assert_refused(ledger, chat(client, LIMITED[2]), 429, "provider_rate_limited")
    before = len(upstream.calls)
    answer = chat(client, LIMITED[2])
    assert_refused(ledger, answer, 503, "all_targets_cooling")
    assert 0 < int(answer.headers["retry-after"]) <= 30
    assert len(upstream.calls) == before


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_the_upstream_refuses_is_not_the_clients_fault(client, ledger, upstream, status):
    error = {"message": f"Incorrect API key provided: {SECRET}.", "code": "invalid_api_key"}
    upstream.on("POST", CHAT, json_response({"error": error}, status))
    assert_refused(ledger, chat(client), 502, "upstream_auth_failed")


def test_an_upstream_that_quotes_its_key_is_censored(client, ledger, upstream):
    error = {"message": f"Key {SECRET} cannot do that.", "type": "invalid_request_error"}
    upstream.on("POST", CHAT, json_response({"error": error}, 400))
    assert_refused(ledger, chat(client), 400, None)


CODES = [
    (400, 400, "BadRequestError"),
    (429, 429, "provider_rate_limited"),
    (500, 502, "upstream_error"),
    (None, 400, "BadRequestError"),
]


@pytest.mark.parametrize(("code", "status", "seen"), CODES)
def test_an_error_in_a_successful_answer_gets_a_real_status(
    client, ledger, upstream, code, status, seen
):
    error = {"message": "The context is too long.", "type": "BadRequestError", "code": code}
    whole, stream = LIMITED[3:] if status == 429 else ("gpt-4o", "gpt-4o")
    upstream.on("POST", CHAT, json_response({"object": "error", "error": error}))
    assert chat(client, whole).status_code == status
    ledger.assert_one_more(status, seen)
    upstream.on("POST", CHAT, sse({"error": error}))
    assert chat(client, stream, stream=True).status_code == status
    ledger.assert_one_more(status, seen)


def test_a_body_that_swells_when_decoded_is_502(client, ledger, upstream):
    bomb = gzip.compress(bytes(200 * 2**20), compresslevel=1)
    fields = {"content_type": "application/json", "content_encoding": "gzip"}
    upstream.on("POST", CHAT, raw(head(content_length=len(bomb), **fields) + bomb))
    assert_refused(ledger, chat(client), 502, "upstream_invalid_response")


# A client that leaves or dawdles


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_leaves_before_the_answer_ends_the_call(
    gateway, key, ledger, upstream, stream
):
    upstream.on("POST", CHAT, hang())
    calls, gone = len(upstream.requests), upstream.disconnects
    with pending_chat(gateway, key, stream=stream):
        assert upstream.wait_for_request(calls + 1)
    assert upstream.wait_for_disconnect(count=gone + 1)
    ledger.assert_one_more(499, is_client_gone=True)


def test_a_client_that_leaves_in_mid_stream_ends_the_call(gateway, key, ledger, upstream):
    upstream.on("POST", CHAT, sse(*[EVENT] * 200, delay=0.1))
    gone = upstream.disconnects
    with pending_chat(gateway, key, stream=True) as connection:
        assert b"200 OK" in connection.recv(4096)
    assert upstream.wait_for_disconnect(count=gone + 1)
    ledger.assert_one_more(200, is_client_gone=True)


def test_a_client_that_leaves_while_a_whole_answer_comes_ends_the_call(
    gateway, key, ledger, upstream
):
    upstream.on("POST", CHAT, hang(head(content_length=100) + b'{"id":'))
    calls, gone = len(upstream.requests), upstream.disconnects
    with pending_chat(gateway, key):
        assert upstream.wait_for_request(calls + 1)
    assert upstream.wait_for_disconnect(count=gone + 1)
    ledger.assert_one_more(499, is_client_gone=True)


def test_a_client_that_does_not_read_is_dropped(gateway, key, ledger, upstream):
    large = b"data: %b\n\n" % (b'{"choices":[],"padding":"' + b"x" * 60_000 + b'"}')
    upstream.on("POST", CHAT, sse(*[large] * 2000))
    gone = upstream.disconnects
    with pending_chat(gateway, key, stream=True) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert upstream.wait_for_disconnect(count=gone + 1)
    ledger.assert_one_more(200, is_client_gone=True)
