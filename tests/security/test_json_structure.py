"""JSON that costs a parser far more than its bytes do is refused before it is parsed."""

import asyncio
import json

import httpx
import orjson
import pytest
from websockets.asyncio.client import connect as connect_async

from tests.security.watching import watched
from tests.support.api import CHAT, chat_body, client_of
from tests.support.plain_http import PLAIN_HTTP
from tests.support.responders import head, json_response
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

JSON = {"Content-Type": "application/json"}
LARGE_BYTES = 48 * 2**20
UNITS = [b"[],", b'{"a":1},', b"1.50,", b'"",', b"{},", b"[[]],", b'{"a":{}},', b"0,"]


def body_of(unit, size=LARGE_BYTES, begin=b'{"model":"open","messages":['):
    """As many of ``unit`` as fill ``size`` bytes, in the messages of a chat."""
    return begin + (unit * (size // len(unit)))[:-1] + b"]}"


def with_members():
    """An object with ever new names."""
    count = LARGE_BYTES // 12
    return b'{"model":"open","x":{' + b",".join(b'"%07d":1' % n for n in range(count)) + b"}}"


def with_escapes():
    return b'{"model":"open","x":"' + b'\\"' * (LARGE_BYTES // 2) + b'"}'


def of_brackets():
    return b"[" * LARGE_BYTES


@pytest.fixture
def client(gateway, keys, upstream):
    with client_of(gateway, keys["alice"], timeout=120) as client:
        yield client


def assert_too_complex(answer):
    assert answer.status_code == 413
    error = answer.json()["error"]
    assert error.get("code", "request_too_complex") == "request_too_complex"
    assert "too many" in error["message"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_body_of_many_values_is_refused_and_holds_up_nobody(gateway, client, upstream, unit):
    before = len(upstream.calls)
    with watched(gateway):
        answer = client.post(CHAT, content=body_of(unit), headers=JSON)
    assert_too_complex(answer)
    assert len(upstream.calls) == before


@pytest.mark.parametrize(
    "made",
    [with_members, with_escapes, of_brackets],
)
def test_so_are_names_and_escapes_and_brackets(gateway, client, made):
    body = made()
    with watched(gateway):
        assert_too_complex(client.post(CHAT, content=body, headers=JSON))


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/embeddings", "/v1/responses", "/v1/completions", "/chat/completions"),
        *("/openai/chat/completions", "/openai/deployments/open/chat/completions"),
        *("/v1/messages", "/anthropic/v1/messages", "/v1/audio/speech", "/v1/images/generations"),
    ],
)
def test_every_endpoint_of_json_refuses(client, path):
    assert_too_complex(client.post(path, content=body_of(b"[],", 2**22), headers=JSON))


@pytest.mark.parametrize("path", ["/openai/config/update", "/openai/verify"])
def test_administrative_endpoints_do_too(root, path):
    assert_too_complex(root.post(path, content=body_of(b"[],", 2**22), headers=JSON))


def test_a_body_in_chunks_is_refused_as_soon_as_it_is_known(gateway, client):
    def parts():
        for _ in range(LARGE_BYTES // 2**20):
            yield b"[]," * (2**20 // 3)

    with watched(gateway, growth=40 * 2**20):
        assert_too_complex(client.post(CHAT, content=parts(), headers=JSON))


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/json;x=y"])
def test_a_media_type_with_parameters_is_no_way_around(gateway, client, kind):
    body = body_of(b'{"a":1},', 4 * 2**20)
    assert_too_complex(client.post(CHAT, content=body, headers={"Content-Type": kind}))


def test_several_at_once_are_refused(gateway, keys):
    body = body_of(b"[],")

    async def post(client):
        return await client.post(CHAT, content=body, headers=JSON)

    async def all_of_them():
        headers = {"Authorization": f"Bearer {keys['alice']}"}
        async with httpx.AsyncClient(base_url=gateway.url, headers=headers, **PLAIN_HTTP) as client:
            return await asyncio.gather(*(post(client) for _ in range(6)))

    with watched(gateway):
        answers = asyncio.run(all_of_them())
    for answer in answers:
        assert_too_complex(answer)


@pytest.mark.parametrize("unit", [b"[],", b'{"a":1},', b"1.50,", b'"ab",'])
def test_what_is_just_not_too_much_holds_up_nobody(gateway, client, unit):
    weight = unit.count(b",") + 3 * (unit.count(b"[") + unit.count(b"{")) + 4 * unit.count(b":")
    body = b'{"model":"open","messages":[],"x":[%b0]}' % (unit * (950_000 // weight))
    with watched(gateway):
        answer = client.post(CHAT, content=body, headers=JSON)
    assert answer.status_code == 200


def test_many_fractions_hold_up_nobody(gateway, client):
    numbers = b",".join(b"%d.50" % n for n in range(200_000))
    body = b'{"model":"open","messages":[],"x":[%b]}' % numbers
    with watched(gateway):
        assert client.post(CHAT, content=body, headers=JSON).status_code == 200


def test_large_bodies_of_few_values_pass(gateway, client, upstream):
    picture = "data:image/png;base64," + "A" * 50_000_000
    content = [{"type": "image_url", "image_url": {"url": picture}}]
    body = orjson.dumps({"model": "open", "messages": [{"role": "user", "content": content}]})
    # It is held several times over while it is passed on.
    with watched(gateway, growth=500 * 2**20):
        assert client.post(CHAT, content=body, headers=JSON).status_code == 200
    assert len(upstream.calls[-1].body) >= 50_000_000


@pytest.mark.parametrize(
    "field",
    [
        {"input": list(range(300_000))},
        {"user": "To be, or not to be: that is the question.\n" * 100_000},
        {"user": "".join('{"id":12345,"name":"abc"},' for _ in range(60_000))},
        {"tools": [{"type": "function", "function": {"name": f"f{n}"}} for n in range(5000)]},
    ],
    ids=["tokens", "prose", "json in a string", "tools"],
)
def test_what_clients_really_send_passes(client, field):
    answer = client.post(CHAT, content=orjson.dumps(chat_body("open", **field)), headers=JSON)
    assert answer.status_code == 200


def test_chats_over_a_socket_are_refused_in_its_form_and_it_goes_on(gateway, keys, upstream):
    with open_socket(gateway, keys["alice"], max_size=None) as socket:
        with watched(gateway):
            socket.send(body_of(b"[],", 15 * 2**20).decode())
            answer = heard(socket)
        assert (answer["type"], answer["status"]) == ("error", 413)
        assert answer["error"]["code"] == "request_too_complex"
        say(socket, chat_body("open", request_id="next"))
        assert heard(socket)["type"] == "chunk"


def test_so_are_messages_of_proxied_sockets(gateway, keys, upstream):
    with open_socket(gateway, keys["alice"], "/v1/responses", max_size=None) as socket:
        with watched(gateway):
            socket.send('{"type":"response.create",' + body_of(b"[],", 15 * 2**20).decode()[1:])
            answer = heard(socket)
        assert (answer["type"], answer["status"]) == ("error", 413)
        assert answer["error"]["code"] == "request_too_complex"


async def test_no_message_is_inflated(gateway, keys):
    url = f"ws://127.0.0.1:{gateway.port}/v1/chat/completions"
    headers = {"Authorization": f"Bearer {keys['alice']}"}
    async with connect_async(
        url, additional_headers=headers, proxy=None, compression="deflate"
    ) as socket:
        assert socket.protocol.extensions == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (CHAT, chat_body("open")),
        ("/v1/embeddings", {"model": "open", "input": "x"}),
        ("/v1/messages", chat_body("open", max_tokens=5)),
    ],
)
def test_so_are_answers_of_upstreams(gateway, client, upstream, path, body):
    target = CHAT if path == "/v1/messages" else path
    upstream.on("POST", target, raw_json(body_of(b'{"a":[]},', 40 * 2**20)))
    with watched(gateway):
        answer = client.post(path, json=body)
    assert answer.status_code == 502
    assert "values" in answer.json()["error"]["message"]


def test_an_answer_in_place_of_a_stream_is_an_answer(gateway, client, upstream):
    upstream.on("POST", CHAT, raw_json(body_of(b'{"a":[]},', 40 * 2**20)))
    with watched(gateway):
        answer = client.post(CHAT, json=chat_body("open", stream=True))
    assert answer.status_code == 502


def test_long_embeddings_pass(gateway, client, upstream):
    embedding = {"object": "embedding", "index": 0, "embedding": [0.0123456789] * 3072}
    answer = {"object": "list", "data": [embedding] * 1000, "usage": {"prompt_tokens": 1}}
    upstream.on("POST", "/v1/embeddings", json_response(answer))
    got = client.post("/v1/embeddings", json={"model": "open", "input": ["x"] * 1000})
    assert got.status_code == 200
    assert json.loads(got.content) == answer


def raw_json(body):
    """Answers with these bytes, as JSON."""

    async def respond(exchange):
        await exchange.send(head(content_type="application/json", content_length=str(len(body))))
        await exchange.send(body)

    return respond
