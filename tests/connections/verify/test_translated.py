"""Verification of connections whose chats are translated."""

import json

import pytest

from connections.calling.client import UpstreamClient
from connections.transport import AiohttpTransport
from connections.verify import Outcome, verify
from tests.support.builders import an_upstream
from tests.support.responders import chunk, head
from tests.support.upstream import ScriptedUpstream, json_response

USAGE = {"input_tokens": 1, "output_tokens": 1}
MESSAGE = {"id": "msg_1", "model": "m", "content": [], "stop_reason": "end_turn", "usage": USAGE}
EVENTS = [
    {"type": "message_start", "message": MESSAGE},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": USAGE},
    {"type": "message_stop"},
]
LINE = {"model": "m", "message": {"role": "assistant", "content": "p"}, "done": True}


def streamed(content_type, *blocks):
    async def respond(exchange):
        await exchange.send(head(content_type=content_type, transfer_encoding="chunked"))
        for block in blocks:
            await exchange.send(chunk(block))
        await exchange.send(chunk(b""))

    return respond


CASES = {
    "anthropic": ("anthropic", "", "/v1/messages", MESSAGE),
    "ollama": ("ollama", "native", "/api/chat", LINE),
}
STREAMS = {
    "anthropic": streamed(
        "text/event-stream", *(f"data: {json.dumps(each)}\n\n".encode() for each in EVENTS)
    ),
    "ollama": streamed("application/x-ndjson", json.dumps(LINE).encode() + b"\n"),
}


@pytest.mark.parametrize("name", CASES)
async def test_every_step_is_tried_in_the_providers_own_language(name):
    provider, api_type, path, answer = CASES[name]
    client = UpstreamClient(AiohttpTransport())
    with ScriptedUpstream(models=("m",)) as server:
        server.on("GET", "/api/tags", json_response({"models": [{"name": "m"}]}))
        server.on("POST", path, json_response(answer), STREAMS[name])
        upstream = an_upstream(provider=provider, api_type=api_type, base_url=server.url)
        result = await verify(upstream, client=client, model="m", stream=True)
    await client.aclose()
    assert {step.name: step.detail for step in result.steps}["models"] == "1 model is listed."
    assert result.outcome is Outcome.OK, result.steps
