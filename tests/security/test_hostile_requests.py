"""Requests made to upset a parser: each gets a 4xx, and the gateway goes on."""

import orjson
import pytest

from tests.support.api import (
    CHAT,
    HELLO,
    chat_body,
    connected,
    exchange,
    read_answer,
    request_bytes,
)

pytestmark = pytest.mark.acceptance

JSON = {"Content-Type": "application/json"}
BODY = orjson.dumps(chat_body("open"))


@pytest.fixture(autouse=True)
def _goes_on(gateway, alice):
    process = gateway.process
    yield
    assert process.poll() is None
    assert alice.get("/v1/models").status_code == 200


def post(gateway, keys, *headers, body=BODY, target=CHAT):
    lines = ("Host: localhost", f"Authorization: Bearer {keys['alice']}", *headers)
    lines += ("Content-Type: application/json",)
    return request_bytes(target, *lines, method="POST", body=body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"open"',
        b"{",
        b"\xff\xfe",
        b'{"model":"open","messages":[{"role":"user","content":"\xff"}]}',
        b'{"model":"open","messages":[{"role":"user","content":"\\ud800"}]}',
        b'{"model":"open","messages":[],"x":NaN}',
        b'{"model":"open","messages":[],"x":1e999}',
        b'{"model":"open","messages":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"model":"open","messages":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"model":"open","messages":[],"n":' + b"9" * 1_000_000 + b"}",
    ],
    ids=lambda body: repr(body[:24]) + str(len(body)),
)
def test_json_that_is_none_or_goes_too_deep_is_400(alice, upstream, body):
    before = len(upstream.calls)
    answer = alice.post(CHAT, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert len(upstream.calls) == before


@pytest.mark.parametrize(
    "content_type", ["text/plain", "multipart/form-data", "", "a/b; c=" + "d" * 999]
)
def test_another_content_type_is_415(alice, content_type):
    answer = alice.post(CHAT, content=BODY, headers={"Content-Type": content_type})
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"


def test_numbers_arrive_as_they_were_sent(alice, upstream):
    numbers = {"seed": 2**63 - 1, "temperature": 0.1, "top_p": 1e-300, "n": -(2**63)}
    assert alice.post(CHAT, json=chat_body("open", **numbers)).is_success
    assert upstream.calls[-1].json == chat_body("open", **numbers)


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-Header-{number}: 1" for number in range(300)],
        [f"X-Large: {'x' * 70_000}"],
        [f"X-{'n' * 70_000}: 1"],
    ],
    ids=["300 headers", "a large value", "a large name"],
)
def test_too_many_or_too_large_headers_are_400(gateway, keys, headers):
    request = post(gateway, keys, *headers, f"Content-Length: {len(BODY)}")
    assert exchange(gateway.port, request).status == 400


CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ([f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"], CHUNKED),
        (["Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}"], CHUNKED),
        ([f"Content-Length: {len(BODY)}", "Content-Length: 5"], BODY),
        ([f"Content-Length: {len(BODY)}"] * 2, BODY),
        ([f"Content-Length: {len(BODY)}, 5"], BODY),
        ([f"Content-Length: +{len(BODY)}"], BODY),
        (["Content-Length: -1"], BODY),
        ([f"Content-Length : {len(BODY)}"], BODY),
        (["Transfer-Encoding: xchunked"], CHUNKED),
        (["Transfer-Encoding: chunked, identity"], CHUNKED),
        (["Transfer-Encoding : chunked"], CHUNKED),
        (["Transfer-Encoding:\x0bchunked"], CHUNKED),
        ([f"X: 1\r\n Content-Length: {len(BODY)}"], BODY),
        (["Transfer-Encoding: chunked"], b"0x10\r\n" + BODY),
        (["Transfer-Encoding: chunked"], b"-1\r\n" + BODY),
    ],
    ids=lambda value: " & ".join(value) if isinstance(value, list) else "",
)
def test_a_body_with_two_possible_ends_is_400_and_the_end_of_the_connection(
    gateway, keys, upstream, headers, body
):
    before = len(upstream.calls)
    smuggled = post(gateway, keys, f"Content-Length: {len(BODY)}")
    with connected(gateway.port) as connection:
        connection.sendall(post(gateway, keys, *headers, body=body) + smuggled)
        answer = read_answer(connection)
        assert answer.status == 400
        assert connection.recv(1) == b""
    assert len(upstream.calls) == before


@pytest.mark.parametrize(
    "request_line", [b"GET /v1/models HTTP/9.9", b"G\x00T /v1/models HTTP/1.1", b"\x16\x03\x01\x02"]
)
def test_what_is_not_http_is_400(gateway, keys, request_line):
    assert exchange(gateway.port, request_line + b"\r\nHost: localhost\r\n\r\n").status == 400


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(gateway, keys, method):
    own = f"Authorization: Bearer {keys['alice']}"
    lines = ("Host: localhost", own, "Connection: close")
    answer = exchange(gateway.port, request_bytes("/v1/models", *lines, method=method))
    assert answer.status in {400, 405}


def test_messages_may_be_as_nested_as_tools_are(alice, upstream):
    schema = {"type": "object"}
    for _ in range(50):
        schema = {"type": "object", "properties": {"inner": schema}}
    tools = [{"type": "function", "function": {"name": "f", "parameters": schema}}]
    assert alice.post(CHAT, json=chat_body("open", tools=tools)).is_success
    assert upstream.calls[-1].json["tools"] == tools
    assert upstream.calls[-1].json["messages"] == HELLO
