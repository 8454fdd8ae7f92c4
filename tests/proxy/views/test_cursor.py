"""What Cursor posts as chats for some models, before an upstream of every kind."""

import json

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.support.every_upstream import UPSTREAMS, EveryUpstream, provide, serving
from tests.support.in_process import post
from wire_formats.sse import data_of, split_events

PATH = "/v1/chat/completions"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CACHED = {"cache_control": {"type": "ephemeral"}}
ARGUMENTS = '{"city": "Paris"}'
RESULT = "Rain in Paris."
# For models whose names are of Anthropic's.
BLOCKS = {
    "user": "auth0|1",
    "temperature": 1,
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "You are an agent."} | CACHED]},
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me see."},
                {"type": "tool_use", "id": "toolu_0", "name": "f", "input": {"city": "Paris"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_0", "content": RESULT} | CACHED
            ],
        },
    ],
    "tools": [{"name": "f", "description": "Tells the weather.", "input_schema": SCHEMA}],
    "tool_choice": {"type": "auto"},
    "stream_options": {"include_usage": True},
}
# For OpenAI's newer models.
INPUT = {
    "user": "auth0|1",
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "reasoning": {"effort": "low", "summary": "auto"},
    "text": {"verbosity": "low"},
    "metadata": {"cursorConversationId": "c1"},
    "prompt_cache_retention": "24h",
    "input": [
        {"role": "system", "content": "You are an agent."},
        {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
        {
            "type": "function_call",
            "call_id": "call_0",
            "name": "f",
            "arguments": '{"city":"Paris"}',
        },
        {"type": "function_call_output", "call_id": "call_0", "output": RESULT},
    ],
    "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}],
    "tool_choice": "auto",
    "stream_options": {"include_usage": True},
}
bodies = pytest.mark.parametrize("body", [BLOCKS, INPUT], ids=["blocks", "input"])


@pytest.fixture
def key(transactional_db):
    return provide()


@bodies
async def test_every_upstream_gets_the_conversation_and_the_answer_is_a_chat_s(key, body):
    upstream = EveryUpstream()
    async with serving(upstream) as api:
        for model in UPSTREAMS:
            whole = await post(api, key, PATH, body | {"model": model})
            assert whole.status == 200, (model, whole.body)
            message = ChatCompletion.model_validate_json(whole.body).choices[0].message
            assert (message.content, message.tool_calls[0].function.name) == ("Hi", "f")
            streamed = await post(api, key, PATH, body | {"model": model, "stream": True})
            assert streamed.status == 200, (model, streamed.body)
            check_stream(streamed.body)
            for call in upstream.calls[-2:]:
                check_sent(orjson.loads(call.content), model)


def check_stream(body):
    *events, end = [data_of(block) for block in split_events(body)]
    assert end == b"[DONE]"
    chunks = [ChatCompletionChunk.model_validate_json(event) for event in events]
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == "Hi"
    [name] = [c.function.name for d in deltas for c in d.tool_calls or () if c.function.name]
    assert name == "f"
    assert chunks[-1].usage.total_tokens == 11


def check_sent(sent, model):
    """The result follows its call, and the tool is a function, in whatever API the upstream has."""
    told = json.dumps(sent)
    assert told.index("Weather?") < told.index("Paris") < told.index(RESULT)
    assert "You are an agent." in told
    is_anthropic = model.startswith("claude")
    assert ("tool_result" in told, "input_schema" in told) == (is_anthropic, is_anthropic), told
    assert not {"include", "text", "store"} & {*sent} or "input" in sent


async def test_what_a_chat_has_no_place_for_is_named(key):
    async with serving(EveryUpstream()) as api:
        for more in ({}, {"stream": True}):
            body = INPUT | more | {"model": "gpt-4o", "truncation": "auto"}
            answer = await post(api, key, PATH, body)
            assert answer.headers["x-gateway-dropped-params"] == "truncation"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input.0.id"),
        ({"input": None}, "messages"),
        ({"stream": "yes"}, "stream"),
    ],
)
async def test_what_cannot_be_a_chat_is_refused(key, fields, param):
    upstream = EveryUpstream()
    async with serving(upstream) as api:
        answer = await post(api, key, PATH, INPUT | {"model": "gpt-4o"} | fields)
    assert (answer.status, orjson.loads(answer.body)["error"]["param"]) == (400, param)
    assert not upstream.calls


@pytest.mark.parametrize(
    "part",
    [
        {"type": "input_file", "file_id": "file_1"},
        {"type": "input_image", "image_url": "file:///etc/passwd"},
    ],
)
async def test_what_it_refers_to_is_checked_as_in_any_chat(key, part):
    upstream = EveryUpstream()
    async with serving(upstream) as api:
        said = {"role": "user", "content": [part]}
        answer = await post(api, key, PATH, {"model": "gpt-4o", "input": [said]})
    assert (answer.status, orjson.loads(answer.body)["error"]["code"]) == (400, "object_not_owned")
    assert not upstream.calls
