"""Streams that go wrong once they have begun, on every surface: the client always learns of it."""

import asyncio
import threading

import orjson
import pytest

from tests.faults.errors import SECRET
from tests.faults.surfaces import CHAT_EVENT, STREAM_HEAD, SURFACES, named
from tests.support.api import CHAT, chat_body
from tests.support.responders import (
    chunk,
    close_after,
    hang,
    head,
    json_response,
    raw,
    reset_after,
    sse,
)
from wire_formats.sse import data_of

pytestmark = pytest.mark.acceptance

HTML = b"<html><body>Bad gateway at http://10.0.0.7/</body></html>"
JSON_HEAD = head(content_type="application/json", transfer_encoding="chunked")
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
FAILED = {
    "object": "response",
    "status": "failed",
    "output": [],
    "error": {"code": "server_error", "message": f"Too many: {SECRET}"},
}
BREAKDOWNS = {
    "reset": reset_after(b""),
    "hang-up": close_after(b""),
    "clean end": close_after(chunk(b"")),
    "half an event": close_after(chunk(b'data: {"type":"mess')),
    "long line": raw(chunk(b"data: " + b"x" * 200_000)),
    "HTML": raw(chunk(HTML + b"\n\n")),
    "broken framing": raw(b"this is no chunk\r\n"),
}


@pytest.fixture(params=SURFACES.values(), ids=SURFACES)
def surface(request):
    return request.param


def broken_stream(client, upstream, surface, breakdown):
    """What a client gets of a stream that it saw begin well, before ``breakdown``."""
    has_begun = threading.Event()

    async def respond(exchange):
        await exchange.send(surface.begin)
        await asyncio.to_thread(has_begun.wait, 5)
        await breakdown(exchange)

    upstream.on("POST", surface.upstream_path, respond)
    with client.stream("POST", surface.path, json=surface.body) as answer:
        assert answer.status_code == 200, answer.read()
        parts = answer.iter_bytes()
        begin = next(parts)
        while b"Hel" not in begin:
            begin += next(parts)
        has_begun.set()
        return b"".join(parts)


@pytest.mark.parametrize("breakdown", BREAKDOWNS.values(), ids=BREAKDOWNS)
def test_a_stream_that_breaks_ends_with_an_error_event(
    client, upstream, ledger, surface, breakdown
):
    rest = broken_stream(client, upstream, surface, breakdown)
    surface.assert_failed(rest, "upstream_invalid_response")
    ledger.assert_one_more(200, "upstream_invalid_response", is_client_gone=False)


def test_silence_ends_with_an_error_event(client, upstream, ledger, surface):
    rest = broken_stream(client, upstream, surface, hang())
    surface.assert_failed(rest, "upstream_timeout")
    ledger.assert_one_more(200, "upstream_timeout", is_client_gone=False)


def test_an_error_is_passed_on_in_our_shape(client, upstream, ledger, surface):
    error = surface.error.replace(b"Overloaded", b"Overloaded: " + SECRET.encode())
    rest = broken_stream(client, upstream, surface, raw(chunk(error)))
    surface.assert_failed(rest, "upstream_error")
    ledger.assert_one_more(200, "upstream_error", is_client_gone=False)


def test_an_error_as_first_event_is_a_status(client, upstream, ledger, surface):
    upstream.on("POST", surface.upstream_path, sse(surface.error, done=False))
    answer = client.post(surface.path, json=surface.body)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "application/json")
    assert "Overloaded" in answer.json()["error"]["message"]
    ledger.assert_one_more(502, "upstream_error", is_client_gone=False)


def test_an_error_in_the_place_of_a_stream_is_a_status(client, upstream, ledger, surface):
    error = {"type": "api_error", "message": f"Overloaded: {SECRET}"}
    upstream.on("POST", surface.upstream_path, json_response({"type": "error", "error": error}))
    answer = client.post(surface.path, json=surface.body)
    assert answer.status_code == 502
    assert answer.json()["error"]["message"] == "Overloaded: [removed]"
    ledger.assert_one_more(502, "upstream_error", is_client_gone=False)


@pytest.mark.parametrize(
    ("responder", "is_streamed"),
    [
        (sse(named("response.failed", response=FAILED), done=False), True),
        (json_response(FAILED), True),
        (json_response(FAILED), False),
    ],
    ids=["a stream", "one piece", "one piece that was asked for"],
)
def test_a_response_that_failed_at_once_is_a_failure(
    client, upstream, ledger, responder, is_streamed
):
    surface = SURFACES["responses"]
    upstream.on("POST", surface.upstream_path, responder)
    answer = client.post(surface.path, json=surface.body | {"stream": is_streamed})
    assert answer.status_code == 200
    last = answer.content.rstrip().split(b"\n\n")[-1]
    told = orjson.loads(data_of(last)) if is_streamed else {"response": answer.json()}
    assert last.startswith(b"event: response.failed\n") is is_streamed
    assert told["response"]["error"]["message"] == "Too many: [removed]"
    ledger.assert_one_more(200, "upstream_error", is_client_gone=False)


def test_a_long_stream_is_not_silent(client, upstream, ledger):
    upstream.on("POST", CHAT, sse(*[CHAT_EVENT] * 4, FINISH, delay=0.3))
    answer = client.post(CHAT, json=chat_body("gpt-4o", stream=True))
    assert answer.content.count(b'"Hel"') == 4
    assert answer.content.endswith(b"data: [DONE]\n\n")
    ledger.assert_one_more(200)


@pytest.mark.parametrize(
    "responder",
    [
        sse(b"<html>Bad gateway</html>\n\n", done=False),
        sse(b"data: " + b"x" * 200_000, done=False),
        sse(done=False),
        close_after(STREAM_HEAD),
        raw(STREAM_HEAD + chunk(b'{"nothing":[]}') + chunk(b"")),
        raw(JSON_HEAD + chunk(b'{"content":[') + chunk(b"")),
        close_after(JSON_HEAD + chunk(b'{"content":[')),
        json_response({"content": [], "padding": "x" * 2**20}),
    ],
    ids=[
        "HTML",
        "a line too long",
        "nothing",
        "a hang-up",
        "no stream at all",
        "cut JSON",
        "a hang-up in JSON",
        "JSON too large",
    ],
)
def test_a_stream_that_fails_at_once_is_502(client, upstream, ledger, surface, responder):
    upstream.on("POST", surface.upstream_path, responder)
    answer = client.post(surface.path, json=surface.body)
    assert (answer.status_code, answer.headers["content-type"]) == (502, "application/json")
    ledger.assert_one_more(502, "upstream_invalid_response", is_client_gone=False)
