"""Upstreams with Ollama's own chats.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, NotRequired

from pydantic import ConfigDict, TypeAdapter
from typing_extensions import TypedDict

from tests.acceptance.matrix.scenario import USAGE, Said, Seen, WrongRequestError, halves, validate

Json = dict[str, Any]
CLOSED = ConfigDict(extra="forbid")


class Function(TypedDict):
    name: str
    arguments: dict[str, Any]


class ToolCall(TypedDict):
    __pydantic_config__ = CLOSED  # type: ignore[misc]
    id: NotRequired[str]
    function: Function


class Message(TypedDict):
    __pydantic_config__ = CLOSED  # type: ignore[misc]
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    thinking: NotRequired[str]
    images: NotRequired[list[str]]
    tool_calls: NotRequired[list[ToolCall]]
    tool_name: NotRequired[str]
    tool_call_id: NotRequired[str]


class ChatRequest(TypedDict):
    __pydantic_config__ = CLOSED  # type: ignore[misc]
    model: str
    messages: list[Message]
    tools: NotRequired[list[dict[str, Any]]]
    think: NotRequired[bool | Literal["low", "medium", "high"]]
    format: NotRequired[Literal["json"] | dict[str, Any]]
    options: NotRequired[dict[str, Any]]
    stream: NotRequired[bool]
    keep_alive: NotRequired[str | int]
    logprobs: NotRequired[bool]
    top_logprobs: NotRequired[int]


REQUEST: TypeAdapter[Any] = TypeAdapter(ChatRequest)


class Ollama:
    """It documents every field it reads; thoughts come back as plain text."""

    def check(self, body: Json, told: Sequence[Said]) -> None:
        """Raises :class:`WrongRequestError`, or pydantic's ``ValidationError``."""
        validate(REQUEST, body)
        answers = [each for each in body["messages"] if each["role"] == "assistant"]
        for message, said in zip(answers, told, strict=False):
            if message.get("thinking", "") != said.thought:
                raise WrongRequestError(f"The thought of turn {said.turn} is missing.")

    def seen(self, body: Json) -> Seen:
        seen = Seen(schema=body.get("format"), effort=body.get("think"))
        for message in body["messages"]:
            if message["role"] == "tool":
                seen.results[message["tool_call_id"]] = message["content"]
                continue
            seen.text += message["content"]
            seen.images += [f"data:image/png;base64,{each}" for each in message.get("images", ())]
            for call in message.get("tool_calls", ()):
                function = call["function"]
                seen.calls[call["id"]] = (function["name"], function["arguments"])
        for tool in body.get("tools", ()):
            seen.tools[tool["function"]["name"]] = tool["function"]["parameters"]
        return seen

    def whole(self, said: Said, model: str) -> Json:
        return _line(model, **_fields(said)) | _end()

    def events(self, said: Said, model: str) -> list[bytes]:
        lines = [_line(model, thinking=d) for d in halves(said.thought) if d]
        lines += [_line(model, content=d) for d in halves(said.text) if d]
        lines += [_line(model, tool_calls=[call]) for call in _calls(said)]
        return [json.dumps(each).encode() + b"\n" for each in [*lines, _line(model) | _end()]]


def _fields(said: Said) -> Json:
    fields = {"content": said.text, "thinking": said.thought, "tool_calls": _calls(said)}
    return {name: value for name, value in fields.items() if value}


def _calls(said: Said) -> list[Json]:
    return [
        {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
        for call in said.calls
    ]


def _line(model: str, **said: Any) -> Json:
    message = {"role": "assistant", "content": "", **said}
    return {"model": model, "created_at": "2026-11-28T00:00:00Z", "message": message, "done": False}


def _end() -> Json:
    counts = {"prompt_eval_count": USAGE.prompt, "eval_count": USAGE.completion}
    return {"done": True, "done_reason": "stop", **counts}
