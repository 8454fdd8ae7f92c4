"""Bodies that are too large cost neither memory nor time; large ones that are not, pass."""

import psutil
import pytest

from tests.support.api import (
    CHAT,
    chat_body,
    client_of,
    connected,
    read_answer,
    request_bytes,
    wait_for_models,
)
from tests.support.live import live_gateway
from tests.support.responders import json_response
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

CAP_BYTES = 2**20
LARGE_BYTES = 200 * 2**20
MOST_GROWTH_BYTES = 30 * 2**20


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory):
    directory = tmp_path_factory.mktemp("body_cap")
    limit = {"GATEWAY_MAX_BODY_BYTES": str(CAP_BYTES)}
    with live_gateway(stores, BACKINGS[0], directory, **limit) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def key(gateway, upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": upstream.url, "keys": ["sk-upstream"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "gpt-4o-mini")
    return key


@pytest.fixture
def client(gateway, key):
    with client_of(gateway, key) as client:
        yield client


class WatchedBody:
    """Sends spaces, and watches how much memory the process that receives them takes."""

    def __init__(self, process_id, size):
        self._process = psutil.Process(process_id)
        self._size = size
        self._before = self._process.memory_info().rss
        self.most_growth = 0

    def __iter__(self):
        piece = b" " * 2**20
        for _ in range(self._size // len(piece)):
            yield piece
            growth = self._process.memory_info().rss - self._before
            self.most_growth = max(self.most_growth, growth)


def assert_too_large(answer_json):
    assert answer_json["error"]["code"] == "request_too_large"
    assert answer_json["error"]["type"] == "invalid_request_error"


def test_a_declared_length_over_the_cap_is_413_before_the_body_comes(gateway, key, upstream):
    lines = ("Host: localhost", f"Authorization: Bearer {key}", "Content-Type: application/json")
    before = len(upstream.calls)
    with connected(gateway.port) as connection:
        connection.sendall(
            request_bytes(CHAT, *lines, f"Content-Length: {LARGE_BYTES}", method="POST")
        )
        answer = read_answer(connection)
    assert answer.status == 413
    assert len(upstream.calls) == before


@pytest.mark.parametrize("is_declared", [True, False])
def test_a_body_of_200_mb_is_413_and_not_kept(gateway, client, is_declared):
    body = WatchedBody(gateway.process.pid, LARGE_BYTES)
    headers = {"Content-Type": "application/json"}
    headers |= {"Content-Length": str(LARGE_BYTES)} if is_declared else {}
    answer = client.post(CHAT, content=body, headers=headers)
    assert answer.status_code == 413
    assert_too_large(answer.json())
    assert body.most_growth < MOST_GROWTH_BYTES
    assert client.get("/v1/models").status_code == 200


def test_a_body_just_under_the_cap_passes(client):
    body = chat_body("gpt-4o", user="x" * (CAP_BYTES - 1000))
    assert client.post(CHAT, json=body).status_code == 200


def test_an_answer_of_10_mb_passes(client, upstream):
    answer = {"object": "chat.completion", "choices": [], "padding": "x" * 10_000_000}
    upstream.on("POST", CHAT, json_response(answer))
    assert client.post(CHAT, json=chat_body("gpt-4o")).json() == answer
