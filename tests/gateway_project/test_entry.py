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
    assert client.status in {404, 405}
    assert client.json["error"]["message"]
    assert client.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1x/models", "/static/v1/x", "/nothing"])
async def test_any_other_path_comes_to_django(path: str) -> None:
    client = await AsgiClient("GET", path).through(application)
    assert client.status == 404
    assert "x-request-id" not in client.headers
    assert client.headers["content-type"].startswith("text/html")


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
