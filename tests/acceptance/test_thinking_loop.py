"""openai's SDK in a loop of tools with a model of Anthropic's that thinks.

The upstream takes no thought back that is not its own, byte for byte, as Anthropic does.
"""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParams
from pydantic import TypeAdapter

from tests.support.message_events import events_of
from tests.support.responders import json_response, sse
from tests.support.serving import open_to_all
from tests.support.stores import on_one_backing
from tests.support.upstream import Exchange, ScriptedUpstream

pytestmark = [pytest.mark.acceptance, on_one_backing]

PARAMS: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)
MODELS = ("claude-sonnet-4-5", "claude-opus-5-5")
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
TURNS = 3


def thoughts(turn: int) -> list[dict[str, str]]:
    """What the model thinks at one turn: what cannot be guessed, and is hard to spell."""
    signature = f"sig\u00e9/+=={turn}" * 9
    return [
        {"type": "thinking", "thinking": f"Hm \u2028 {turn}\u00a0\n", "signature": signature},
        {"type": "redacted_thinking", "data": f"s3al=={turn}"},
    ]


def said(turn: int) -> list[dict[str, Any]]:
    if turn == TURNS:
        return [*thoughts(turn), {"type": "text", "text": "Done."}]
    call = {"type": "tool_use", "id": f"toolu_{turn}", "name": "look", "input": {"at": turn}}
    return [*thoughts(turn), {"type": "text", "text": "Let me look."}, call]


def refusal_of(body: dict[str, Any]) -> str:
    """Why Anthropic would refuse ``body``; empty if it would not."""
    PARAMS.validate_python(body | {"stream": bool(body.get("stream"))})
    answers = [m["content"] for m in body["messages"] if m["role"] == "assistant"]
    for turn, content in enumerate(answers):
        if content != said(turn):
            return f"The answer of turn {turn} is not as it was."
    if body["thinking"]["type"] not in {"enabled", "adaptive"}:
        return "It does not think any more."
    return ""


async def answer(exchange: Exchange) -> None:
    """The next turn of the conversation, or a refusal as Anthropic writes it."""
    body = exchange.request.json
    if problem := refusal_of(body):
        error = {"type": "error", "error": {"type": "invalid_request_error", "message": problem}}
        await json_response(error, status=400)(exchange)
        return
    turn = sum(message["role"] == "assistant" for message in body["messages"])
    message = {
        "id": f"msg_{turn}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": said(turn),
        "stop_reason": "end_turn" if turn == TURNS else "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 5},
    }
    if body.get("stream"):
        blocks = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events_of(message)]
        await sse(*(block.encode() for block in blocks), done=False)(exchange)
    else:
        await json_response(message)(exchange)


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=MODELS) as upstream:
        upstream.on("POST", "/v1/messages", answer)
        yield upstream


@pytest.fixture(scope="module")
def sdk(gateway, upstream):
    key = open_to_all(gateway, upstream, provider="anthropic")
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=key, max_retries=0) as sdk:
        yield sdk


def whole(sdk: openai.OpenAI, **request: Any) -> dict[str, Any]:
    message = sdk.chat.completions.create(**request).choices[0].message
    return message.to_dict(mode="json")


def streamed(sdk: openai.OpenAI, **request: Any) -> dict[str, Any]:
    with sdk.chat.completions.stream(**request) as stream:
        completion = stream.until_done().get_final_completion()
    return completion.choices[0].message.to_dict(mode="json")


@pytest.mark.parametrize("field", ["thinking_blocks", "reasoning_details"])
@pytest.mark.parametrize("ask", [whole, streamed])
@pytest.mark.parametrize("model", MODELS)
def test_thoughts_go_back_as_they_came(sdk, model, ask, field):
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Look around."}]
    request = {"model": model, "messages": messages, "tools": [TOOL], "reasoning_effort": "low"}
    for turn in range(TURNS):
        message = ask(sdk, **request)
        assert message["reasoning_content"] == thoughts(turn)[0]["thinking"]
        kept = {"role", "content", "tool_calls", field}
        messages.append({name: value for name, value in message.items() if name in kept})
        [call] = message["tool_calls"]
        assert json.loads(call["function"]["arguments"]) == {"at": turn}
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": f"{turn}"})
    assert ask(sdk, **request)["content"] == "Done."
