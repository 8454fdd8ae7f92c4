"""The same request gives the same upstream request as Open WebUI's integration does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml

from connections.calling.client import UpstreamClient
from connections.calling.open_connection import OpenConnection
from tests.support.builders import a_call, an_upstream

FILE = Path(__file__).with_name("reference_cases.yaml")
CASES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())
CALL_FIELDS = ("model", "chat_id", "is_reasoning")


@pytest.fixture(autouse=True)
def this_gateway(settings) -> None:
    settings.GATEWAY_ATTRIBUTION_URL = "https://gateway.example"
    settings.GATEWAY_ATTRIBUTION_TITLE = "The gateway"


async def sent(case: dict[str, Any]) -> httpx.Request:
    """The request that reaches the upstream, signed."""
    requests: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json={})

    headers = tuple(case["connection"].get("headers", {}).items())
    upstream = an_upstream(secrets=("sk-key",), **case["connection"] | {"headers": headers})
    fields = {name: case[name] for name in CALL_FIELDS if name in case}
    call = a_call(case["body"], **fields)
    await OpenConnection.open(upstream).send(
        UpstreamClient(httpx.MockTransport(record)),
        call,
        forward_user_info="forward_user_info" in case,
    )
    return requests[0]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
async def test_the_upstreams_request_is_as_prescribed(case: dict[str, Any]) -> None:
    request = await sent(case)
    body = orjson.loads(request.content)
    assert str(request.url) == case.get("url", str(request.url))
    assert body == body | case.get("sent", {})
    headers = case.get("headers", {})
    assert {name: request.headers.get(name) for name in headers} == headers
    assert set(case.get("absent", ())).isdisjoint({*request.headers, *body})
