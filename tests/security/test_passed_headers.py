"""Headers and whereabouts of an upstream: read, bounded, rewritten, or left out."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.api import (
    CHAT,
    chat_body,
    client_of,
    exchange,
    request_bytes,
    wait_for_models,
)
from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import raw, sse
from tests.support.socket_upstream import socket_upstream
from tests.support.sockets import heard, heard_to_the_end, open_socket, say
from tests.support.upstream import json_response

pytestmark = pytest.mark.acceptance

ODD_VALUES = [
    b"7\x01",
    b"7\x0b8",
    b"7\x7f",
    "→".encode(),
    b"\xe9",
    b"\xff\xfe",
    b"9" * 6000,
    b"-5",
    b"soon",
    b"1e400",
    b"inf",
    b'7", x="',
]
REMOVE = (
    "from connections.models import Connection; Connection.objects.get(name='talking').delete()"
)
NAMES = [
    "retry-after",
    "retry-after-ms",
    "openai-version",
    "openai-model",
    "openai-processing-ms",
    "x-gateway-dropped-params",
    "x-request-id",
]


NUMBERS = {"retry-after", "retry-after-ms", "openai-processing-ms"}


def is_word(value):
    return value.isascii() and value.decode().isprintable() and len(value) < 200


def answering(status, body, *fields, content_type=b"application/json"):
    """A response with exactly these ``fields``, pairs of bytes."""
    lines = [
        b"HTTP/1.1 %d Scripted" % status,
        b"content-type: " + content_type,
        b"content-length: %d" % len(body),
        *(name + b": " + value for name, value in fields),
    ]
    return raw(b"\r\n".join([*lines, b"", b""]) + body)


def is_clean(answer):
    """Whether a client's parser had nothing to stumble over."""
    values = [value for _, value in answer.headers]
    return all(value.isascii() and value.isprintable() and len(value) < 1000 for value in values)


def asked(gateway, keys, model, **fields):
    body = json.dumps(chat_body(model, **fields)).encode()
    request = request_bytes(
        CHAT,
        f"Host: 127.0.0.1:{gateway.port}",
        f"Authorization: Bearer {keys['carol']}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        method="POST",
        body=body,
    )
    return exchange(gateway.port, request)


@pytest.mark.parametrize("status", [200, 429, 503])
@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: repr(value)[:20])
def test_no_value_breaks_the_connection_or_passes_as_it_is(
    gateway, keys, upstream, limited_model, status, value
):
    completion = json.dumps({"id": "x", "object": "chat.completion", "choices": []}).encode()
    body = completion if status == 200 else b'{"error": {"message": "busy"}}'
    for name in NAMES:
        upstream.on("POST", CHAT, answering(status, body, (name.encode(), value)))
        for stream in (False, True):
            model = limited_model() if status == 429 else "open"
            answer = asked(gateway, keys, model, stream=stream)
            assert answer.status in {status, 502}, name
            assert is_clean(answer), name
            shown = [v for k, v in answer.headers if k.lower() == name]
            if name in NUMBERS or not is_word(value):
                assert value.decode("latin-1") not in shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("7", "7"),
        ("7.5", "8"),
        ("99999999999", "600"),  # then the gateway asks again
        ("Sun, 06 Nov 2094 08:49:37 GMT", "600"),
    ],
)
def test_retry_after_is_a_bounded_number(carol, upstream, limited_model, sent, shown):
    answer = json_response({"error": {"message": "busy"}}, 429, {"retry_after": sent})
    upstream.on("POST", CHAT, answer)
    paths = (CHAT, "/openai/chat/completions", "/openai/deployments/{model}/chat/completions")
    for path, model in [(path, limited_model()) for path in paths]:
        answer = carol.post(path.format(model=model), json=chat_body(model))
        assert answer.headers["retry-after"] == shown


@pytest.mark.parametrize(
    "value", [b"text/plain; charset=\xe2\x86\x92", b"text/plain; x=" + b"a" * 5000]
)
def test_odd_media_types_of_uploads_are_replaced(alice, upstream, value):
    path = "/v1/audio/transcriptions"
    upstream.on("POST", path, answering(200, b"words", content_type=value))
    files = {"file": ("a.wav", b"RIFF", "audio/wav")}
    answer = alice.post(path, data={"model": "open"}, files=files)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def quoting(url):
    host = url.split("/")[2]
    return (
        f"{url}/chat/completions failed; {url.upper().lower()}; http://{host}; {host}; "
        f"{host.split(':')[0]} said no"
    )


def assert_hidden(text, upstream):
    assert str(upstream.port) not in text
    assert "127.0.0.1" not in text


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
@pytest.mark.parametrize("form", ["error", "detail", "nested"])
def test_errors_do_not_tell_where_the_upstream_is(carol, upstream, limited_model, status, form):
    said = quoting(upstream.url)
    body = {
        "error": {"error": said},
        "detail": {"detail": said},
        "nested": {"error": {"message": said, "type": said, "param": said, "code": said}},
    }[form]
    upstream.on("POST", CHAT, json_response(body, status))
    for stream in (False, True):
        answer = carol.post(CHAT, json=chat_body(limited_model(), stream=stream))
        assert answer.status_code >= 400
        assert_hidden(answer.text, upstream)
    answer = carol.post("/v1/messages", json=chat_body(limited_model(), max_tokens=5))
    assert_hidden(answer.text, upstream)


def test_streams_do_not_tell_it_either(alice, upstream):
    error = {"error": {"message": quoting(upstream.url), "type": "x"}}
    text = {"choices": [{"index": 0, "delta": {"content": "a"}}]}
    for events in ([error], [text, error]):
        upstream.on("POST", CHAT, sse(*events, done=False))
        assert_hidden(alice.post(CHAT, json=chat_body("open", stream=True)).text, upstream)


def test_chats_over_sockets_do_not_tell_it_either(gateway, keys, upstream):
    upstream.on("POST", CHAT, json_response({"error": {"message": quoting(upstream.url)}}, 400))
    with open_socket(gateway, keys["alice"]) as socket:
        say(socket, chat_body("open", request_id="a"))
        [message] = heard_to_the_end(socket, "a")["a"]
    assert message["type"] == "error"
    assert_hidden(json.dumps(message), upstream)


@pytest.fixture
def talking(gateway, keys):
    """An upstream that speaks WebSocket, offered as ``talk`` while the test runs."""
    with client_of(gateway, keys["alice"]) as alice, socket_upstream() as server:
        entry = {"name": "talking", "base_url": server.url, "model_ids": ["talk"]}
        grant = {"models": ["talk"], "everyone": True}
        gateway.configure(connections=[entry], grants=[grant])
        wait_for_models(alice, "open", "talk")
        yield server
        gateway.manage("shell", "-v0", "-c", REMOVE)


def test_sockets_that_are_passed_on_do_not_tell_it(gateway, keys, talking):
    def complain(socket, _message):
        socket.send(json.dumps({"type": "error", "error": {"message": quoting(talking.url)}}))
        socket.close(1011, f"see {talking.url}")

    talking.answer = complain
    path = "/v1/realtime?model=talk"
    with open_socket(gateway, keys["alice"], path=path) as socket:
        say(socket, {"type": "session.update"})
        assert_hidden(json.dumps(heard(socket)), talking)
        with pytest.raises(Exception, match="1011"):
            socket.recv(timeout=PATIENCE_SECONDS)
        assert_hidden(socket.close_reason or "", talking)


@pytest.mark.parametrize("value", ODD_VALUES, ids=lambda value: repr(value)[:20])
def test_refused_handshake_survives_odd_headers(gateway, keys, upstream, limited_model, value):
    fields = [(name.encode(), value) for name in NAMES]
    upstream.on("GET", "/v1/realtime", answering(429, b"{}", *fields))
    path = f"/v1/realtime?model={limited_model()}"
    with pytest.raises(InvalidStatus) as refused, open_socket(gateway, keys["carol"], path=path):
        pass
    response = refused.value.response
    assert response.status_code in {429, 502}
    assert value.decode("latin-1") not in response.headers.values()
