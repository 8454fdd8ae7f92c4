"""Access that is withdrawn from a caller whose answer is on its way."""

import json
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.responders import chunk, hang, head
from tests.support.sockets import heard, heard_to_the_end, open_socket, say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
CUT_SECONDS = 5


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("open", "closing")) as upstream:
        upstream.on("POST", CHAT, hang(STREAM_HEAD + chunk(EVENT)))
        yield upstream


@pytest.fixture(scope="module")
def connection(upstream):
    return {"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}


@pytest.fixture(scope="module")
def ready(gateway, connection):
    """The gateway, with more workers where it can have them."""
    if gateway.backing == "postgres+redis":
        gateway.stop()
        gateway.start("--workers", "2")
    grants = [{"models": ["open", "closing"], "everyone": True}]
    gateway.configure(connections=[connection], grants=grants)
    with client_of(gateway, gateway.api_key("root", is_staff=True)) as client:
        wait_for_models(client, "open", "closing")
    return gateway


@contextmanager
def streams(gateway, key, model, count=1, seconds=CUT_SECONDS):
    """The parts of ``count`` streams that have begun; each is waited for so many ``seconds``."""
    with ExitStack() as stack:
        client = stack.enter_context(client_of(gateway, key, timeout=seconds))
        begun = []
        for _ in range(count):
            body = chat_body(model, stream=True)
            answer = stack.enter_context(client.stream("POST", CHAT, json=body))
            begun.append(answer.iter_bytes())
            assert next(begun[-1]) == EVENT
        yield begun


def last_code(parts):
    rest = b"".join(parts)
    return json.loads(rest.removeprefix(b"data: "))["error"]["code"]


def a_key(gateway, user):
    """A key, and its id."""
    made = gateway.manage("create_api_key", user, "--create-user", "--json").stdout
    return json.loads(made)["key"], json.loads(made)["id"]


def test_streams_of_a_revoked_key_are_cut(ready, upstream):
    key, key_id = a_key(ready, "bob")
    gone = upstream.disconnects
    with streams(ready, key, "open", count=4) as begun:
        ready.manage("revoke_api_key", key_id)
        assert [last_code(parts) for parts in begun] == ["access_withdrawn"] * 4
    assert upstream.wait_for_disconnect(count=gone + 4)


def test_streams_of_others_go_on(ready):
    key, key_id = a_key(ready, "bob")
    other, _ = a_key(ready, "eve")
    with streams(ready, key, "open") as cut, streams(ready, other, "open", seconds=1) as kept:
        ready.manage("revoke_api_key", key_id)
        assert last_code(cut[0]) == "access_withdrawn"
        with pytest.raises(httpx.ReadTimeout):
            next(kept[0])


def test_a_stream_survives_a_change_of_its_connection(ready, connection):
    key, _ = a_key(ready, "bob")
    with streams(ready, key, "open", seconds=3) as begun:
        ready.configure(connections=[connection | {"tags": ["x"], "timeout_seconds": 77}])
        with pytest.raises(httpx.ReadTimeout):
            next(begun[0])


def test_a_socket_is_closed_when_its_key_is_revoked(ready, upstream):
    key, key_id = a_key(ready, "bob")
    with open_socket(ready, key) as busy, open_socket(ready, key) as idle:
        say(busy, chat_body("open", stream=True, request_id="a"))
        assert heard(busy)["type"] == "chunk"
        ready.manage("revoke_api_key", key_id)
        answer = heard_to_the_end(busy, "a")["a"]
        assert answer[-1]["error"]["code"] == "access_withdrawn"
        for socket in (busy, idle):
            with pytest.raises(ConnectionClosed) as closed:
                heard(socket, seconds=CUT_SECONDS)
            assert closed.value.rcvd.code == 1008


def test_streams_of_a_model_that_is_no_longer_granted_are_cut(ready):
    key, _ = a_key(ready, "bob")
    with streams(ready, key, "closing") as cut, streams(ready, key, "open", seconds=1) as kept:
        ready.manage("revoke", "closing", "--everyone")
        assert last_code(cut[0]) == "access_withdrawn"
        with pytest.raises(httpx.ReadTimeout):
            next(kept[0])
