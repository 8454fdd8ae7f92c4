"""The parts of messages that are written here, whole and as events.

Anthropic's SDK has models of them and no TypedDicts. These here are as the models are, with the
fields that are written and no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.token_counts import MessagesUsage

if TYPE_CHECKING:
    from anthropic.types import StopReason


# The types of the blocks that hold what a model thought.
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


class TextBlock(TypedDict):
    type: Literal["text"]
    text: str


class ToolUseBlock(TypedDict):
    type: Literal["tool_use"]
    id: str
    name: str
    input: JsonObject


class Message(TypedDict):
    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[JsonMapping]
    stop_reason: StopReason | None
    stop_sequence: str | None
    usage: MessagesUsage


class TextDelta(TypedDict):
    type: Literal["text_delta"]
    text: str


class InputJsonDelta(TypedDict):
    type: Literal["input_json_delta"]
    partial_json: str


class ThinkingDelta(TypedDict):
    type: Literal["thinking_delta"]
    thinking: str


class SignatureDelta(TypedDict):
    type: Literal["signature_delta"]
    signature: str


BlockDelta = TextDelta | InputJsonDelta | ThinkingDelta | SignatureDelta


class MessageDelta(TypedDict):
    """What a stream tells last of a message."""

    stop_reason: StopReason
    stop_sequence: str | None
