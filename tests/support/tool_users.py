"""Upstreams whose models call a tool once, and then say what it returned.

Asked for a form, with no tool at hand, they say ``FORMED``.

Four kinds, by the model asked for: one that speaks chats alone, one that reasons before it speaks
and wants its reasoning back (as DeepSeek), one of Anthropic's that signs its thoughts, and one with
OpenAI's Responses that seals them. Each answers a history that lacks what the real one insists on
with its 400.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from anthropic.types.message_create_params import MessageCreateParams
from pydantic import TypeAdapter, ValidationError

from tests.support.api import client_of, wait_for_models
from tests.support.chat_models import chunks_of, whole_of
from tests.support.live import LiveGateway
from tests.support.message_events import events_of
from tests.support.responders import Exchange, Responder, json_response, sse
from tests.support.responses_tool_user import responses_of
from tests.support.upstream import ScriptedUpstream

PLAIN, REASONER, CLAUDE = MODELS = ("chat-model", "deepseek-v4", "claude-sonnet-4-5")
RESPONDER = "gpt-5.4"
THOUGHT = "Shall I look? \u2028 Yes\u00a0\n"
SIGNATURE = "c2lnbmVk/+==" * 20
HELLO_WORLD = "Hello world"
FORMED = '{"city": "Paris"}'
# What the connections to them say beside the address.
KINDS = {
    "claude": {"provider": "anthropic"},
    "responses": {"provider": "openai", "api_type": "responses"},
}
# A shape that a translation between the two APIs may break.
PARAMS: TypeAdapter[Any] = TypeAdapter(MessageCreateParams)
Body = dict[str, Any]
Calls = dict[str, dict[str, Any]]


@contextmanager
def tool_users(calls: Calls, *chat_models: str) -> Iterator[dict[str, ScriptedUpstream]]:
    """The upstreams ``chats``, ``claude`` and ``responses``, the first with ``chat_models``, too.

    ``calls`` are the arguments with which the first of the tools that has some is called.
    """
    with ExitStack() as stack:
        chats = stack.enter_context(ScriptedUpstream(models=(PLAIN, REASONER, *chat_models)))
        chats.on("POST", "/v1/chat/completions", _chats(calls))
        messages = stack.enter_context(ScriptedUpstream(models=(CLAUDE,)))
        messages.on("POST", "/v1/messages", _messages(calls))
        responses = stack.enter_context(ScriptedUpstream(models=(RESPONDER,)))
        thinking = responses_of(calls, THOUGHT, greeting=HELLO_WORLD, formed=FORMED)
        responses.on("POST", "/v1/responses", thinking)
        yield {"chats": chats, "claude": messages, "responses": responses}


def key_for(gateway: LiveGateway, upstreams: dict[str, ScriptedUpstream]) -> str:
    """Connect ``gateway`` to the upstreams; a key once their models are offered."""
    connections = [
        {"name": name, "base_url": upstream.url, "keys": ["sk-upstream"], **KINDS.get(name, {})}
        for name, upstream in upstreams.items()
    ]
    grants = [{"models": ["*"], "everyone": True}]
    key = gateway.configured_for("alice", connections=connections, grants=grants)
    with client_of(gateway, key) as client:
        offered = [model["id"] for upstream in upstreams.values() for model in upstream.models]
        wait_for_models(client, *offered)
    return key


def _chats(calls: Calls) -> Responder:
    async def respond(exchange: Exchange) -> None:
        body = exchange.request.json
        offered = [tool["function"]["name"] for tool in body.get("tools", ())]
        name = next((name for name in offered if name in calls), None)
        history, last = body["messages"], body["messages"][-1]
        reasoning = {"reasoning_content": THOUGHT} if body["model"] == REASONER else {}
        said: Body = {"role": "assistant", **reasoning}
        if last["role"] == "tool":
            said["content"] = _told(last["content"])
        elif name is not None:
            function = {"name": name, "arguments": json.dumps(calls[name])}
            call = {"id": f"call_{len(history)}", "type": "function", "function": function}
            said |= {"content": None, "tool_calls": [call]}
        else:
            said["content"] = FORMED if body.get("response_format") else HELLO_WORLD
        if body["model"] == REASONER and (problem := _lacks_reasoning(history)):
            answer = json_response({"error": {"message": problem}}, 400)
        elif body.get("stream"):
            answer = sse(*chunks_of(said))
        else:
            answer = json_response(whole_of(said))
        await answer(exchange)

    return respond


def _lacks_reasoning(history: list[Body]) -> str:
    for message in history:
        if message.get("tool_calls") and message.get("reasoning_content") != THOUGHT:
            return "The `reasoning_content` in the thinking mode must be passed back to the API."
    return ""


def _messages(calls: Calls) -> Responder:
    async def respond(exchange: Exchange) -> None:
        body = exchange.request.json
        if problem := _refusal_of(body):
            error = {"type": "invalid_request_error", "message": problem}
            await json_response({"type": "error", "error": error}, status=400)(exchange)
            return
        message = {
            "id": f"msg_{len(body['messages'])}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": (content := [*_thoughts(body), _answer(body, calls)]),
            "stop_reason": "tool_use" if content[-1]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": 50, "output_tokens": 7},
        }
        if body.get("stream"):
            blocks = [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events_of(message)]
            await sse(*(block.encode() for block in blocks), done=False)(exchange)
        else:
            await json_response(message)(exchange)

    return respond


def _refusal_of(body: Body) -> str:
    """Why Anthropic would refuse ``body``; empty if it would not."""
    try:
        PARAMS.validate_python(body | {"stream": bool(body.get("stream"))})
    except ValidationError as error:
        return str(error)
    if not _thoughts(body) or not _results(body):
        return ""
    [*_, called, _results_message] = body["messages"]
    if called["content"][: len(_thoughts(body))] != _thoughts(body):
        return "Expected `thinking`, but found `tool_use`: the thoughts are not as they were."
    return ""


def _thoughts(body: Body) -> list[Body]:
    """What it thinks before each answer, if it is asked to."""
    if body.get("thinking", {}).get("type") not in {"enabled", "adaptive"}:
        return []
    return [{"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE}]


def _results(body: Body) -> list[Body]:
    content = body["messages"][-1]["content"]
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if block["type"] == "tool_result"]


def _answer(body: Body, calls: Calls) -> Body:
    if results := _results(body):
        return {"type": "text", "text": _told(results[0].get("content", ""))}
    name = next((tool["name"] for tool in body.get("tools", ()) if tool["name"] in calls), None)
    if name is None:
        is_formed = bool(body.get("output_config", {}).get("format") or body.get("output_format"))
        return {"type": "text", "text": FORMED if is_formed else HELLO_WORLD}
    call_id = f"toolu_{len(body['messages'])}"
    return {"type": "tool_use", "id": call_id, "name": name, "input": calls[name]}


def _told(result: str | list[Body]) -> str:
    """What is said of a tool's result, in a text or in parts."""
    text = result if isinstance(result, str) else "".join(part.get("text", "") for part in result)
    return f"It said: {text}"
