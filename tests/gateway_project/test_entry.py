"""Which of the gateway's rooms a request comes to."""

from __future__ import annotations

import pytest

from gateway_project.entry import application
from tests.support.asgi import AsgiClient


@pytest.mark.parametrize(
    "path", ["/v1/x", "//v1/x", "/openai/x", "/anthropic/x", "/chat", "/models/", "/embeddings/x"]
)
async def test_a_path_of_the_api_comes_to_its_handler(path: str) -> None:
    client = await AsgiClient("GET", path).through(application)
    assert client.status in {401, 404, 405}
    assert client.json["error"]["message"]
    assert client.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1_x/models", "/static/v1/x", "/nothing"])
async def test_any_other_path_comes_to_django(path: str) -> None:
    client = await AsgiClient("GET", path).through(application)
    assert client.status == 404
    assert "x-request-id" not in client.headers
    assert client.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/api/v1/models", {}),
        ("GET", "/v2/x", {}),
        ("GET", "/v1beta/models", {}),
        ("GET", "/nothing", {"authorization": "Bearer x"}),
        ("GET", "/nothing", {"x-api-key": "x"}),
        ("GET", "/nothing", {"accept": "application/json"}),
        ("POST", "/nothing", {"content-type": "application/json; charset=utf-8"}),
        ("POST", "/", {"content-type": "application/json"}),
    ],
)
async def test_a_program_is_told_in_json_that_there_is_nothing(method, path, headers) -> None:
    client = await AsgiClient(method, path, headers=headers).through(application)
    assert (client.status, client.json["error"]["code"]) == (404, "not_found")
    assert "base URL ends in /v1" in client.json["error"]["message"]


@pytest.mark.parametrize("headers", [{"accept": "text/html,application/json"}, {"accept": "*/*"}])
async def test_a_browser_is_told_with_a_page(headers) -> None:
    client = await AsgiClient("GET", "/nothing", headers=headers).through(application)
    assert (client.status, client.headers["content-type"][:9]) == (404, "text/html")


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/api/v1/chat/completions", "/v1/chat/completions"),
        ("/v1/api/models/", "/models"),
        ("/v2/v1/embeddings", "/v1/embeddings"),
    ],
)
async def test_the_path_that_is_meant_is_named(path: str, meant: str) -> None:
    client = await AsgiClient("POST", path).through(application)
    assert f"Did you mean {meant}?" in client.json["error"]["message"]


@pytest.mark.parametrize("path", ["/livez", "/health/liveliness", "/health/liveness"])
@pytest.mark.parametrize("host", ["testserver", "10.0.0.7:8000", "evil.example"])
async def test_health_is_answered_for_any_host(path: str, host: str) -> None:
    client = await AsgiClient("GET", path, headers={"host": host}).through(application)
    assert (client.status, client.json) == (200, {"status": "ok"})


@pytest.mark.django_db(transaction=True)  # Channels looks after connections to it
async def test_a_websocket_to_nowhere_is_refused() -> None:
    scope = {"type": "websocket", "path": "/v1/nothing", "headers": [], "query_string": b""}
    sent: list[str] = []

    async def receive() -> dict[str, object]:
        return {"type": "websocket.disconnect" if sent else "websocket.connect", "code": 1006}

    async def send(message: dict[str, str]) -> None:
        sent.append(message["type"])

    await application(scope, receive, send)
    assert sent == ["websocket.close"]
