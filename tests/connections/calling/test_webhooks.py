from __future__ import annotations

import httpx
import pytest

from connections.calling.client import UpstreamClient
from connections.calling.webhooks import post
from connections.errors import UpstreamError

URL = "https://hooks.example/gatehouse?team=a"


async def test_the_body_arrives_with_its_headers_and_the_status_comes_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"location": "https://elsewhere.example"})

    seen: list[httpx.Request] = []
    client = UpstreamClient(httpx.MockTransport(answer))
    assert await post(client, URL, b'{"a":1}', {"webhook-id": "x"}) == 302
    [request] = seen  # no redirect is followed
    assert (request.method, str(request.url), request.content) == ("POST", URL, b'{"a":1}')
    assert request.headers["webhook-id"] == "x"


async def test_no_answer_and_a_url_that_is_none_are_errors() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    client = UpstreamClient(httpx.MockTransport(refuse))
    for url in (URL, "https://[::1"):
        with pytest.raises(UpstreamError):
            await post(client, url, b"{}", {})
