"""Access that is withdrawn from a caller whose answer is on its way."""

import json
import threading
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.processes import wait_until
from tests.support.responders import chunk, head, when_told
from tests.support.sockets import heard, heard_to_the_end, open_socket, say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("open", "closing")) as upstream:
        yield upstream


@pytest.fixture
def go_on(upstream):
    """Let the streams that are left go on, with the same event once more."""
    signal = threading.Event()
    upstream.on("POST", CHAT, when_told(signal, STREAM_HEAD + chunk(EVENT), chunk(EVENT)))
    yield signal.set
    signal.set()


@pytest.fixture(scope="module")
def connection(upstream):
    return {"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}


@pytest.fixture(scope="module")
def ready(crew, connection):
    grants = [{"models": ["open", "closing"], "everyone": True}]
    crew.configure(connections=[connection], grants=grants)
    with client_of(crew, crew.api_key("root", is_staff=True)) as client:
        wait_for_models(client, "open", "closing")
    return crew


@contextmanager
def streams(gateway, key, model, count=1):
    """The parts of ``count`` streams that have begun."""
    with ExitStack() as stack:
        client = stack.enter_context(client_of(gateway, key))
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


def tags_of(client, model):
    """What the model list says of the connection that a worker has."""
    return client.get(f"/v1/models/{model}").json()["tags"]


def a_key(gateway, user):
    """A key, and its id."""
    made = gateway.manage("create_api_key", user, "--create-user", "--json").stdout
    return json.loads(made)["key"], json.loads(made)["id"]


def test_streams_of_a_revoked_key_are_cut(ready, upstream, go_on):
    key, key_id = a_key(ready, "bob")
    gone = upstream.disconnects
    with streams(ready, key, "open", count=4) as begun:
        ready.manage("revoke_api_key", key_id)
        assert [last_code(parts) for parts in begun] == ["access_withdrawn"] * 4
    assert upstream.wait_for_disconnect(count=gone + 4)


def test_streams_of_others_go_on(ready, go_on):
    key, key_id = a_key(ready, "bob")
    other, _ = a_key(ready, "eve")
    with streams(ready, key, "open") as cut, streams(ready, other, "open") as kept:
        ready.manage("revoke_api_key", key_id)
        assert last_code(cut[0]) == "access_withdrawn"
        go_on()
        assert next(kept[0]) == EVENT


def test_a_stream_survives_a_change_of_its_connection(ready, connection, go_on):
    key, _ = a_key(ready, "bob")
    with (
        streams(ready, key, "open") as begun,
        client_of(ready, ready.api_key("root", is_staff=True)) as root,
    ):
        ready.configure(connections=[connection | {"tags": ["x"], "timeout_seconds": 77}])
        wait_until(lambda: tags_of(root, "open") == ["x"], what="the change")
        go_on()
        assert next(begun[0]) == EVENT


def test_a_socket_is_closed_when_its_key_is_revoked(ready, go_on):
    key, key_id = a_key(ready, "bob")
    with open_socket(ready, key) as busy, open_socket(ready, key) as idle:
        say(busy, chat_body("open", stream=True, request_id="a"))
        assert heard(busy)["type"] == "chunk"
        ready.manage("revoke_api_key", key_id)
        answer = heard_to_the_end(busy, "a")["a"]
        assert answer[-1]["error"]["code"] == "access_withdrawn"
        for socket in (busy, idle):
            with pytest.raises(ConnectionClosed) as closed:
                heard(socket)
            assert closed.value.rcvd.code == 1008


def test_streams_of_a_model_that_is_no_longer_granted_are_cut(ready, go_on):
    key, _ = a_key(ready, "bob")
    with streams(ready, key, "closing") as cut, streams(ready, key, "open") as kept:
        ready.manage("revoke", "closing", "--everyone")
        assert last_code(cut[0]) == "access_withdrawn"
        go_on()
        assert next(kept[0]) == EVENT
