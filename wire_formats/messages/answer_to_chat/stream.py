"""The events of an Anthropic message as chunks of a chat.

Each block is written between its start and its stop:

    text      content, piece by piece; citations in one chunk before the end
    thinking  reasoning_content, piece by piece; at its stop the whole thought with its signature
    tool_use  the call, then its arguments, piece by piece
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wire_formats.chat.completion import Completion, custom_call, tool_call
from wire_formats.chat.reasoning import reasoning_fields
from wire_formats.chat.thought_order import place_at, position_of
from wire_formats.chat.types import Chunk
from wire_formats.json_numbers import read_json, write_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.messages.answer_to_chat.blocks import (
    ClientForm,
    annotations_of,
    completion_of,
    custom_input,
    finish_reason,
    id_of,
    merged_usage,
    refusal_of,
    text_in,
    thought_of,
    usage_of,
)
from wire_formats.service_tiers import in_chats_words, messages_tier_in


@dataclass(slots=True)
class _Block:
    """A block that is being written. ``start`` is where its text begins in that of the answer.

    ``pieces`` are of its thought or of its call's arguments.
    """

    fields: JsonObject
    start: int
    pieces: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    citations: list[Any] = field(default_factory=list)
    call_index: int = -1
    calls_before: int = 0

    @property
    def kind(self) -> Any:
        return self.fields.get("type")


class MessageStream:
    """Counts what was written, in the ``form`` that the client understands."""

    def __init__(self, form: ClientForm) -> None:
        self._form = form
        self._completion = Completion(id="", model="")
        self._usage: JsonObject = {}
        self._blocks: dict[Any, _Block] = {}
        self._length = 0
        self._calls = 0
        self._thoughts = 0
        self._annotations: list[JsonObject] = []

    def event(self, event: JsonObject) -> Iterator[Chunk]:
        """The chunks for one event; none for those that tell nothing."""
        match event.get("type"):
            case "message_start":
                message = event["message"]
                self._completion = completion_of(message)
                self._usage = merged_usage({}, message.get("usage"))
                yield self._completion.opening()
            case "content_block_start":
                yield from self._started(event.get("index"), event["content_block"])
            case "content_block_delta":
                if block := self._blocks.get(event.get("index")):
                    yield from self._written(block, event["delta"])
            case "content_block_stop":
                if block := self._blocks.pop(event.get("index"), None):
                    yield from self._ended(block)
            case "message_delta":
                self._usage = merged_usage(self._usage, event.get("usage"))
                self._completion.service_tier = in_chats_words(messages_tier_in(self._usage))
                yield from self._finished(event["delta"])
            case "message_stop":
                yield from self._completion.usage_chunks(usage_of(self._usage))

    def _started(self, index: Any, fields: JsonObject) -> Iterator[Chunk]:
        block = self._blocks[index] = _Block(fields, self._length, calls_before=self._calls)
        match block.kind:
            case "tool_use":
                block.call_index = self._calls
                self._calls += 1
                if not self._is_custom(block):
                    name = self._form.name_of(fields)
                    yield from self._call(block, tool_call(id_of(fields), name, ""))
            case "text" if text := text_in(fields, "text"):
                yield from self._said(text)
            case "thinking" if text := text_in(fields, "thinking"):
                yield from self._thought(block, text)
        if isinstance(citations := fields.get("citations"), list):
            block.citations += citations

    def _written(self, block: _Block, delta: JsonObject) -> Iterator[Chunk]:
        match delta.get("type"), block.kind:
            case "text_delta", "text" if text := text_in(delta, "text"):
                yield from self._said(text)
            case "thinking_delta", "thinking" if text := text_in(delta, "thinking"):
                yield from self._thought(block, text)
            case "signature_delta", "thinking":
                block.signature.append(text_in(delta, "signature"))
            case "citations_delta", "text":
                block.citations.append(delta.get("citation"))
            case "input_json_delta", "tool_use" if piece := _piece_in(delta):
                block.pieces.append(piece)
                yield from self._arguments(block, piece)

    def _ended(self, block: _Block) -> Iterator[Chunk]:
        match block.kind:
            case "text":
                found = annotations_of(block.citations, block.start, self._length)
                self._annotations += found
            case "thinking" | "redacted_thinking":
                yield from self._whole_thought(block)
            case "tool_use":
                yield from self._whole_call(block)

    def _finished(self, delta: JsonObject) -> Iterator[Chunk]:
        reason = delta.get("stop_reason")
        if not reason:
            return
        told = refusal_of(delta.get("stop_details"))
        if self._annotations:
            told["annotations"] = self._annotations
        if told:
            yield self._completion.chunk(told)
        yield self._completion.chunk({}, finish_reason(reason, self._form))

    def _said(self, text: str) -> Iterator[Chunk]:
        self._length += len(text)
        yield self._completion.chunk({"content": text})

    def _thought(self, block: _Block, text: str) -> Iterator[Chunk]:
        block.pieces.append(text)
        if not self._form.hides_thoughts:
            yield self._completion.chunk({"reasoning_content": text})

    def _whole_thought(self, block: _Block) -> Iterator[Chunk]:
        """With the number of the thought, by which clients put the pieces of lists together."""
        signature = "".join(block.signature) or block.fields.get("signature")
        written = {"thinking": "".join(block.pieces), "signature": signature}
        thought = thought_of(block.fields | written)
        if thought is None or self._form.hides_thoughts:
            return
        delta = reasoning_fields([thought])
        delta.pop("reasoning_content", None)
        place = position_of(block.start, block.calls_before)
        for entry in (*delta.get("reasoning_details", ()), *delta.get("thinking_blocks", ())):
            entry["index"] = self._thoughts
            place_at(entry, place)
        self._thoughts += 1
        if delta:
            yield self._completion.chunk(delta)

    def _arguments(self, block: _Block, piece: str) -> Iterator[Chunk]:
        if not self._is_custom(block):
            yield from self._call(block, {"function": {"arguments": piece}})

    def _whole_call(self, block: _Block) -> Iterator[Chunk]:
        """A call without arguments has none written; clients parse them all the same."""
        written = "".join(block.pieces)
        given = block.fields.get("input") or {}
        if self._is_custom(block):
            text = custom_input(read_json(written.encode()) if written else given)
            yield from self._call(
                block, custom_call(id_of(block.fields), self._form.name_of(block.fields), text)
            )
        elif not written:
            yield from self._arguments(block, write_json(given).decode())

    def _is_custom(self, block: _Block) -> bool:
        return self._form.name_of(block.fields) in self._form.custom

    def _call(self, block: _Block, call: JsonMapping) -> Iterator[Chunk]:
        if not self._form.is_legacy:
            yield self._completion.chunk({"tool_calls": [{"index": block.call_index, **call}]})
        elif block.call_index == 0:  # a message has room for one
            yield self._completion.chunk({"function_call": call["function"]})


def _piece_in(delta: JsonObject) -> str:
    """More of a call's arguments; some servers tell all of them at once, as an object."""
    piece: Any = delta.get("partial_json")
    return write_json(piece).decode() if isinstance(piece, dict) else piece or ""
