"""Responses as chat completions.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from wire_formats.chat.completion import (
    Completion,
    begun_call,
    continued_call,
    said_message,
    tool_call,
)
from wire_formats.chat.types import ChatCompletion, Chunk, Delta, Message
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.stop_reasons import from_responses
from wire_formats.token_counts import ChatUsage, Tokens, chat_usage, read_usage
from wire_formats.translation import Translation

# Where a chunk holds the text of an event.
TEXTS: dict[str, Literal["content", "refusal", "reasoning_content"]] = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "reasoning_content",
    "response.reasoning_text.delta": "reasoning_content",
}


class ResponseTranslation(Translation):
    """One response, whole or as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._completion = Completion(id="", model="")
        self._calls: dict[int, int] = {}  # the index of a call by that of its output item
        self._begun: set[int] = set()  # calls of whose arguments some were written

    def answer(self, answer: JsonObject) -> ChatCompletion:
        if answer.get("status", "completed") not in {"completed", "incomplete"}:
            raise ValueError("It has not come to its end.")
        message = _message(answer["output"])
        reason = from_responses(answer, has_calls="tool_calls" in message)
        return _completion(answer).whole(message, reason, _usage(answer))

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        match event["type"]:
            case "response.created":
                self._completion = _completion(event["response"])
                yield self._completion.opening()
            case kind if kind in TEXTS:
                delta: Delta = {}
                delta[TEXTS[kind]] = event["delta"]
                yield self._completion.chunk(delta)
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                yield self._call(event)
            case "response.function_call_arguments.delta":
                yield self._arguments(event["output_index"], event["delta"])
            case "response.output_item.done" if event["output_index"] in self._calls:
                yield from self._unwritten_arguments(event)
            case "response.completed" | "response.incomplete":
                yield from self._ended(event["response"])
            case "response.failed":
                yield {"error": event["response"]["error"]}
            case "error":
                yield {"error": {name: event.get(name) for name in ("message", "code", "param")}}

    def _call(self, event: JsonObject) -> Chunk:
        item = event["item"]
        index = self._calls[event["output_index"]] = len(self._calls)
        call = tool_call(item["call_id"], item["name"], "")
        return self._completion.chunk({"tool_calls": [begun_call(index, call)]})

    def _arguments(self, output_index: int, arguments: str) -> Chunk:
        self._begun.add(output_index)
        call = continued_call(self._calls[output_index], arguments)
        return self._completion.chunk({"tool_calls": [call]})

    def _unwritten_arguments(self, event: JsonObject) -> Iterator[Chunk]:
        """Some upstreams give a call's arguments in one piece, at its end."""
        arguments = event["item"].get("arguments")
        if arguments and event["output_index"] not in self._begun:
            yield self._arguments(event["output_index"], arguments)

    def _ended(self, response: JsonObject) -> Iterator[Chunk]:
        self.is_done = True
        reason = from_responses(response, has_calls=bool(self._calls))
        yield self._completion.chunk({}, reason)
        yield from self._completion.usage_chunks(_usage(response))


def _completion(response: JsonObject) -> Completion:
    return Completion(
        id=response["id"], model=response["model"], created=int(response["created_at"])
    )


def _message(output: list[JsonObject]) -> Message:
    """The output items as the one message that a chat has."""
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    thoughts = [
        part["text"]
        for item in output
        if item["type"] == "reasoning"
        for part in [*item.get("summary", ()), *(item.get("content") or ())]
    ]
    return said_message(
        _joined(parts, "output_text", "text") or None,
        refusal=_joined(parts, "refusal", "refusal") or None,
        thoughts="\n".join(thoughts) if thoughts else None,
        calls=[
            tool_call(item["call_id"], item["name"], item["arguments"])
            for item in output
            if item["type"] == "function_call"
        ],
    )


def _joined(parts: list[JsonObject], kind: str, name: str) -> str:
    return "".join(part[name] for part in parts if part["type"] == kind)


def _usage(response: JsonObject) -> ChatUsage | None:
    tokens = Tokens()
    read_usage(response.get("usage"), tokens)
    return chat_usage(tokens)
