"""Each provider as its own documentation shows it: requests, answers and streams, in and out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from connections.calling.client import UpstreamClient, UpstreamResponse
from connections.calling.open_connection import OpenConnection
from connections.providers.registry import ADAPTERS
from tests.support.builders import Chunks, a_call, an_upstream
from tests.support.chunks import deltas, finish_reasons, usage_of

FILE = Path(__file__).with_name("published_examples.yaml")
EXAMPLES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text())
UPSTREAM_FIELDS = ("provider", "api_type", "base_url", "api_version")
IDS = [f"{each['provider']} {each.get('api_type', '')}".strip() for each in EXAMPLES]
pytestmark = pytest.mark.parametrize("example", EXAMPLES, ids=IDS)


@pytest.fixture(autouse=True)
def this_gateway(settings) -> None:
    settings.GATEWAY_ATTRIBUTION_URL = "https://gateway.example"
    settings.GATEWAY_ATTRIBUTION_TITLE = "The gateway"


async def asked(
    example: dict[str, Any], *, said: str = "{}", stream: bool = False
) -> tuple[httpx.Request, UpstreamResponse]:
    """What the upstream of ``example`` is asked, and what comes of its saying ``said``."""
    requests: list[httpx.Request] = []
    raw = said.encode()
    parts = [raw[start : start + 11] for start in range(0, len(raw), 11)]

    def upstream(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, stream=Chunks(*parts))

    fields = {name: example[name] for name in UPSTREAM_FIELDS if name in example}
    connection = OpenConnection.open(an_upstream(secrets=("sk-key",), **fields))
    body = example["body"] | ({"stream": True} if stream else {})
    call = a_call(body, model=example["model"])
    response = await connection.send(UpstreamClient(httpx.MockTransport(upstream)), call)
    return requests[0], response


@pytest.mark.parametrize("stream", [False, True])
async def test_the_upstream_is_asked_as_it_wants_to_be(
    example: dict[str, Any], stream: bool
) -> None:
    request, _ = await asked(example, stream=stream)
    assert str(request.url) == example["url"]
    headers = example["headers"]
    assert {name: request.headers.get(name) for name in headers} == headers
    expected = example["sent"] | (example["streamed"] if stream else {})
    assert json.loads(request.content) == expected


async def test_the_client_reads_the_answer(example: dict[str, Any]) -> None:
    _, response = await asked(example, said=example["answer"])
    body = await response.read(2**20)
    if "reads" not in example:
        assert body.decode() == example["answer"]
        return
    completion = json.loads(body)
    assert isinstance(completion.pop("created"), int)
    assert completion == example["reads"]


async def test_an_answer_in_one_piece_is_read_where_a_stream_was_asked_for(
    example: dict[str, Any],
) -> None:
    said = json.dumps(json.loads(example["answer"]), indent=2)
    _, response = await asked(example, said=said, stream=True)
    text = b"".join([chunk async for chunk in response.chunks()]).decode()
    if "reads" not in example:
        assert text == said
        return
    completion = json.loads(text)
    assert completion | {"created": 0} == example["reads"] | {"created": 0}


async def test_the_client_hears_the_stream(example: dict[str, Any]) -> None:
    _, response = await asked(example, said=example["stream"], stream=True)
    text = b"".join([chunk async for chunk in response.chunks()]).decode()
    if "hears" not in example:
        assert text == example["stream"]
        return
    data = [event.removeprefix("data: ") for event in text.split("\n\n")[:-1]]
    events = [each if each == "[DONE]" else json.loads(each) for each in data]
    heard = {
        "content": "".join(delta.get("content") or "" for delta in deltas(events)),
        "finish_reason": finish_reasons(events)[0],
        "usage": usage_of(events),
    }
    assert heard == example["hears"]
    assert events[-1] == "[DONE]"


def test_every_adapter_has_an_example(example: dict[str, Any]) -> None:
    adapters = {" ".join(each).strip() for each in ADAPTERS} | {"openai", "compatible"}
    assert adapters == set(IDS)
