"""The example of docs/resilience.md, as it stands there, with upstreams of the tests behind it."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from tests.acceptance.resilience.routed import routed
from tests.support.api import CHAT, chat_body, client_of
from tests.support.environment import ROOT
from tests.support.scripted_upstream import BilledUpstream, status

pytestmark = pytest.mark.acceptance

PAGE = (ROOT / "docs" / "resilience.md").read_text()
KEYS = {
    "AZURE_EU_KEY": "k-eu",
    "AZURE_US_KEY": "k-us",
    "OPENAI_KEY": "k-1",
    "OPENAI_SECOND_KEY": "k-2",
}
TOO_LONG = {"code": "context_length_exceeded", "type": "invalid_request_error"}


def example() -> dict[str, Any]:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(block)


@pytest.fixture
def upstreams():
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(BilledUpstream())
            for name in ("azure-eu", "azure-us", "openai")
        }


@pytest.fixture
def client(start_gateway, upstreams):
    gateway = start_gateway(**KEYS)
    document = example()
    for entry in document["connections"]:
        url = upstreams[entry["name"]].url
        entry["base_url"] = url.removesuffix("/v1") if entry["provider"] == "azure" else url
    with client_of(gateway, routed(gateway, document["connections"], document["routes"])) as client:
        yield client


def test_what_the_page_tells_of_its_example_is_so(client, upstreams):
    europe, states, openai = upstreams.values()

    def attempts(expected: int = 200) -> str:
        response = client.post(CHAT, json=chat_body("gpt-4o"))
        assert response.status_code == expected, response.text
        return response.headers.get("x-gateway-attempts", "1")

    assert (attempts(), europe.hits(key="k-eu")) == ("1", 1)
    europe.tell(status(500), times=1)
    assert (attempts(502), states.hits()) == ("1", 0)
    europe.tell(status(400, **TOO_LONG), times=1)
    assert (attempts(), openai.hits(model="gpt-4.1")) == ("2", 1)
    europe.tell(status(429, {"Retry-After": "20"}))
    assert (attempts(), states.hits(key="k-us")) == ("2", 1)
    assert (attempts(), europe.hits(), states.hits()) == ("1", 4, 2)
    states.tell(status(503, {"Retry-After": "600"}))
    openai.tell(status(401, code="invalid_api_key"), key="k-1")
    assert {attempts() for _ in range(3)} <= {"1", "2", "3"}
    assert openai.hits(key="k-1") == 1
    assert openai.bill_of("k-2").requests >= 3
