"""The parts of messages that are written here: in requests, in answers and as events.

Of answers and events Anthropic's SDK has models and no TypedDicts. These here are as the models
are, with the fields that are written and no others. Requests have the SDK's own TypedDicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.token_counts import MessagesUsage

if TYPE_CHECKING:
    from anthropic.types import (
        DocumentBlockParam,
        ImageBlockParam,
        RedactedThinkingBlockParam,
        SearchResultBlockParam,
        StopReason,
        TextBlockParam,
        ThinkingBlockParam,
        ToolResultBlockParam,
        ToolUseBlockParam,
    )

    # What users and tools say, what models think, and all that a message of a request can hold.
    Content = TextBlockParam | ImageBlockParam | DocumentBlockParam | SearchResultBlockParam
    Thinking = ThinkingBlockParam | RedactedThinkingBlockParam
    Block = Content | Thinking | ToolUseBlockParam | ToolResultBlockParam

Role = Literal["user", "assistant"]

# The types of the blocks that hold what a model thought.
THOUGHTS = frozenset({"thinking", "redacted_thinking"})


class RequestMessage(TypedDict):
    """A message of a request: an SDK's ``MessageParam`` whose content is always a list."""

    role: Role
    content: list[Block]


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
