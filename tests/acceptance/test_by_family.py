"""openai's SDK with models that take tools and reasoning at ``/responses`` alone."""

import openai
import pytest

from tests.support.api import HELLO, client_of, wait_for_models
from tests.support.responders import json_response, sse
from tests.support.stores import on_one_backing
from tests.support.upstream import ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Where?"}],
    "encrypted_content": "gAAA",
}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": "{}",
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5.4",
    "output": [THOUGHT, CALL],
    "usage": {"input_tokens": 36, "output_tokens": 87, "total_tokens": 123},
}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-5.4",)) as upstream:
        upstream.on("POST", "/v1/responses", json_response(RESPONSE))
        yield upstream


@pytest.fixture(scope="module")
def sdk(gateway, upstream):
    there = {"base_url": upstream.url, "keys": ["sk-upstream"], "provider": "openai"}
    gateway.configure(
        connections=[there | {"name": "openai"}],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-5.4")
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


def asked(messages=HELLO, **fields):
    return {
        "model": "gpt-5.4",
        "messages": messages,
        "tools": [TOOL],
        "reasoning_effort": "low",
        **fields,
    }


def test_reasoning_goes_to_the_client_and_comes_back(sdk, upstream):
    message = sdk.chat.completions.create(**asked()).choices[0].message
    assert message.tool_calls[0].function.name == "get_weather"
    said = message.model_dump(exclude_none=True)
    assert said["reasoning_content"] == "Where?"
    result = {"role": "tool", "tool_call_id": "call_1", "content": "22°"}
    sdk.chat.completions.create(**asked([*HELLO, said, result]))
    sent = upstream.calls[-1].json
    _, thought, call, output = sent["input"]
    assert thought == THOUGHT
    assert (call["call_id"], output["output"]) == ("call_1", "22°")
    assert sent["include"] == ["reasoning.encrypted_content"]
    assert sent["store"] is False


def test_a_chat_without_tools_stays_where_it_is(sdk, upstream):
    chat = sdk.chat.completions.create(**asked(tools=[]))
    assert chat.choices[0].message.content == "Hello world"
    assert upstream.calls[-1].target == "/v1/chat/completions"


def test_a_stream_is_put_together(sdk, upstream):
    at = {"output_index": 1}
    events = [
        {"type": "response.created", "response": RESPONSE | {"status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": THOUGHT},
        {"type": "response.output_item.added", "item": CALL | {"arguments": ""}} | at,
        {"type": "response.function_call_arguments.delta", "delta": "{}"} | at,
        {"type": "response.output_item.done", "item": CALL} | at,
        {"type": "response.completed", "response": RESPONSE},
    ]
    upstream.on("POST", "/v1/responses", sse(*events, done=False), json_response(RESPONSE))
    with sdk.chat.completions.stream(**asked()) as stream:
        choice = stream.get_final_completion().choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls[0].function.arguments == "{}"
