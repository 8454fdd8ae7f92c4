"""Anthropic's answers as chat completions.

https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.completion import (
    Completion,
    begun_call,
    continued_call,
    said_message,
    tool_call,
)
from wire_formats.chat.types import BegunCall, ChatCompletion, Chunk, ContinuedCall, ToolCall
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.messages.error_types import with_status
from wire_formats.stop_reasons import from_messages
from wire_formats.token_counts import ChatUsage, Tokens, chat_usage, read_messages_usage
from wire_formats.translation import Translation


class MessageTranslation(Translation):
    """One message, whole or as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._completion = Completion(id="", model="")
        self._usage: JsonObject = {}
        self._call_index = -1
        self._has_arguments = False

    def answer(self, answer: JsonObject) -> ChatCompletion:
        if not answer["stop_reason"]:
            raise ValueError("It has not come to its end.")
        blocks = answer["content"]
        message = said_message(
            _joined(blocks, "text") or None,
            thoughts=_joined(blocks, "thinking") or None,
            calls=[_call(block) for block in blocks if block["type"] == "tool_use"],
        )
        return Completion(id=answer["id"], model=answer["model"]).whole(
            message, from_messages(answer["stop_reason"]), usage_of(answer["usage"])
        )

    def error(self, error: Any) -> Any:
        if not isinstance(error, dict):
            return error
        told = with_status(error)
        return {name: told.get(name) for name in ("message", "type", "code")}

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        match event["type"]:
            case "message_start":
                message = event["message"]
                self._completion = Completion(id=message["id"], model=message["model"])
                self._usage = dict(message["usage"])
                yield self._completion.opening()
            case "content_block_start":
                yield from self._started(event["content_block"])
            case "content_block_delta":
                yield from self._written(event["delta"])
            case "content_block_stop":
                yield from self._ended()
            case "message_delta":
                self._usage |= {k: v for k, v in event.get("usage", {}).items() if v is not None}
                reason = event["delta"].get("stop_reason")
                if reason:
                    yield self._completion.chunk({}, from_messages(reason))
            case "message_stop":
                self.is_done = True
                yield from self._completion.usage_chunks(usage_of(self._usage))
            case "error":
                yield {"error": self.error(event["error"])}

    def _started(self, block: JsonObject) -> Iterator[Chunk]:
        self._has_arguments = True
        match block["type"]:
            case "tool_use":
                self._has_arguments = False
                self._call_index += 1
                call = tool_call(block["id"], block["name"], "")
                yield self._call_chunk(begun_call(self._call_index, call))
            case "text" if block.get("text"):
                yield self._completion.chunk({"content": block["text"]})

    def _written(self, delta: JsonObject) -> Iterator[Chunk]:
        match delta["type"]:
            case "text_delta":
                yield self._completion.chunk({"content": delta["text"]})
            case "thinking_delta":
                yield self._completion.chunk({"reasoning_content": delta["thinking"]})
            case "input_json_delta" if delta["partial_json"]:
                yield self._arguments_chunk(delta["partial_json"])

    def _ended(self) -> Iterator[Chunk]:
        """A call without arguments has none written; clients parse them all the same."""
        if not self._has_arguments:
            yield self._arguments_chunk("{}")

    def _arguments_chunk(self, arguments: str) -> Chunk:
        self._has_arguments = True
        return self._call_chunk(continued_call(self._call_index, arguments))

    def _call_chunk(self, call: BegunCall | ContinuedCall) -> Chunk:
        return self._completion.chunk({"tool_calls": [call]})


def usage_of(usage: JsonObject) -> ChatUsage | None:
    tokens = Tokens()
    read_messages_usage(usage, tokens)
    return chat_usage(tokens)


def _call(block: JsonObject) -> ToolCall:
    return tool_call(block["id"], block["name"], write_json(block["input"]).decode())


def _joined(blocks: list[JsonObject], kind: str) -> str:
    return "".join(block[kind] for block in blocks if block["type"] == kind)
