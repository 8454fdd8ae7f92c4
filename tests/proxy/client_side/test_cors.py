"""What pages of other sites may read."""

from __future__ import annotations

import pytest

from proxy.client_side.cors import is_origin
from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient

APP = "https://app.example"
ASKING = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "Authorization, content-type, X-Stainless-OS, b\u00e4d, a b",
}


@pytest.fixture
def api(settings):
    def handler(*origins: str) -> ApiHandler:
        settings.GATEWAY_CORS_ORIGINS = list(origins)
        return ApiHandler()

    return handler


async def ask(api: ApiHandler, method: str = "OPTIONS", path="/v1/chat/completions", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await AsgiClient(method, path, headers=named).through(api)


def cors_of(client: AsgiClient) -> set[str]:
    return {name for name in client.headers if name.startswith("access-control-")}


async def test_a_preflight_needs_no_key(api) -> None:
    client = await ask(api(APP), origin=APP, **ASKING)
    assert (client.status, client.body) == (204, b"")
    assert client.headers["access-control-allow-origin"] == APP
    assert client.headers["access-control-allow-methods"] == "POST, OPTIONS"
    allowed = client.headers["access-control-allow-headers"]
    assert allowed == "authorization, content-type, x-stainless-os"
    assert client.headers["access-control-max-age"] == "600"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{APP}.evil.example", ""])
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
async def test_another_site_is_told_nothing(api, origin, method) -> None:
    client = await ask(api(APP), method, origin=origin, **ASKING)
    assert not cors_of(client)


async def test_no_site_is_told_anything_by_default(api) -> None:
    client = await ask(api(), origin=APP, **ASKING)
    assert not cors_of(client)
    assert "vary" not in client.headers


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nothing", "/v1/messages"])
async def test_errors_can_be_read_too(api, path) -> None:
    client = await ask(api(APP), "GET", path, origin=APP)
    assert client.status in {401, 404, 405}
    assert client.headers["access-control-allow-origin"] == APP
    assert "x-request-id" in client.headers["access-control-expose-headers"]
    assert client.headers["vary"] == "origin"


async def test_a_star_stands_for_every_site_and_never_for_cookies(api) -> None:
    client = await ask(api("*"), "GET", "/v1/models", origin="https://any.example")
    assert client.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in client.headers


async def test_a_path_that_does_not_exist_can_be_asked_for(api) -> None:
    client = await ask(api(APP), path="/v1/nothing", origin=APP, **ASKING)
    assert (client.status, "access-control-allow-methods" in client.headers) == (204, True)


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        APP,
        "http://localhost:3000",
        "https://[::1]:8",
        "HTTPS://App.example",
        "http://10.0.0.1",
    ],
)
def test_what_an_origin_is(origin: str) -> None:
    assert is_origin(origin)


@pytest.mark.parametrize(
    "text", [f"{APP}/", f"{APP}/x", "app.example", "null", "https://*.example", f"{APP}:99999", ""]
)
def test_what_no_origin_is(text: str) -> None:
    assert not is_origin(text)
