"""What any HTTP client may do: HEAD, OPTIONS, compressed bodies, pages of other sites."""

from __future__ import annotations

import gzip
import json
from http.client import HTTPConnection

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.processes import PATIENCE_SECONDS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

APP = "https://app.example"


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m",)) as upstream:
        yield upstream


def test_one_connection_serves_them_all(start_gateway, upstream) -> None:
    gateway = start_gateway(GATEWAY_CORS_ORIGINS=APP)
    key = gateway.configured_for(
        "ada",
        connections=[{"name": "one", "base_url": upstream.url, "keys": ["k"]}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, key) as client:
        wait_for_models(client, "m")
    connection = HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE_SECONDS)
    known = {"Authorization": f"Bearer {key}", "Origin": APP}

    def ask(method: str, path: str, body: bytes | None = None, **headers: str):
        connection.request(method, path, body, known | headers)
        answer = connection.getresponse()
        return answer, answer.read()

    _, listed = ask("GET", "/v1/models")
    for _ in range(2):
        answer, body = ask("HEAD", "/v1/models/")
        assert (answer.status, body) == (200, b"")
        assert answer.getheader("content-length") == str(len(listed))
        assert answer.getheader("access-control-allow-origin") == APP
    asking = {"Access-Control-Request-Method": "POST"}
    answer, body = ask("OPTIONS", CHAT, **asking)
    assert (answer.status, body) == (204, b"")
    assert answer.getheader("access-control-allow-methods") == "POST, OPTIONS"
    for stream in (False, True):
        packed = gzip.compress(json.dumps(chat_body("m", stream=stream)).encode())
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer, body = ask("POST", CHAT, packed, **headers)
        assert (answer.status, b"Hello" in body) == (200, True)
        assert answer.getheader("access-control-allow-origin") == APP
    answer, body = ask("GET", "/api/v1/models")
    assert (answer.status, json.loads(body)["error"]["code"]) == (404, "not_found")
    answer, body = ask("HEAD", "/nothing/at/all")
    assert (answer.status, body) == (404, b"")
    connection.close()
    assert upstream.calls[-1].header("content-encoding") is None
