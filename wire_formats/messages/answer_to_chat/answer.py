"""Anthropic's answers as chat completions.

https://platform.claude.com/docs/en/build-with-claude/streaming

Blocks that chats have no place for, such as the work of server tools and compactions, are left out;
so is what is not known yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.messages.answer_to_chat.blocks import (
    ClientForm,
    call_of,
    completion_of,
    finish_reason,
    refusal_of,
    texts_of,
    thought_fields,
    usage_of,
)
from wire_formats.messages.answer_to_chat.stream import MessageStream
from wire_formats.messages.error_types import with_status
from wire_formats.translation import Translation

AS_USUAL = ClientForm()


class MessageTranslation(Translation):
    """One message, whole or as it is written, in the ``form`` that its client understands."""

    def __init__(self, form: ClientForm = AS_USUAL) -> None:
        super().__init__()
        self._form = form
        self._stream = MessageStream(form)

    def answer(self, answer: JsonObject) -> JsonMapping:
        if not answer["stop_reason"]:
            raise ValueError("It has not come to its end.")
        blocks = answer["content"]
        text, annotations = texts_of(blocks)
        message: JsonObject = {"content": text or None} | refusal_of(answer.get("stop_details"))
        if annotations:
            message["annotations"] = annotations
        if not self._form.hides_thoughts:
            message |= thought_fields(blocks)
        message |= self._calls([block for block in blocks if block.get("type") == "tool_use"])
        return completion_of(answer).whole(
            message,
            finish_reason(answer["stop_reason"], self._form),
            usage_of(answer.get("usage")),
        )

    def error(self, error: Any) -> Any:
        if not isinstance(error, dict):
            return error
        told = with_status(error)
        return {name: told.get(name) for name in ("message", "type", "code")}

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        match event.get("type"):
            case "error":
                yield {"error": self.error(event["error"])}
            case "message_stop":
                self.is_done = True
                yield from self._stream.event(event)
            case _:
                yield from self._stream.event(event)

    def _calls(self, blocks: list[JsonObject]) -> JsonObject:
        calls = [call_of(block, self._form) for block in blocks]
        if calls and self._form.is_legacy:
            return {"function_call": calls[0]["function"]}
        return {"tool_calls": calls} if calls else {}
