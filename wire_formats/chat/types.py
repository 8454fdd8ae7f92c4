"""The parts of chat completions that are written here, whole and in chunks.

OpenAI's SDK has models of them and no TypedDicts. These here are as the models are, with the fields
that are written and no others. A message or a ``delta`` is a ``JsonMapping``: it may have side
fields of other providers, such as ``ReasoningFields``. Requests have
:mod:`wire_formats.chat.request_types`.
"""

from __future__ import annotations

from typing import Literal, NotRequired, Required, TypedDict

from wire_formats.json_types import JsonMapping
from wire_formats.stop_reasons import FinishReason
from wire_formats.token_counts import ChatUsage


class CalledFunction(TypedDict):
    name: str
    arguments: str


class ToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: CalledFunction


class CalledCustom(TypedDict):
    name: str
    input: str


class CustomCall(TypedDict):
    id: str
    type: Literal["custom"]
    custom: CalledCustom


class Choice(TypedDict):
    index: int
    message: JsonMapping
    logprobs: JsonMapping | None
    finish_reason: FinishReason


class ChatCompletion(TypedDict):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: ChatUsage | None
    service_tier: NotRequired[str]


class ChunkChoice(TypedDict):
    index: int
    delta: JsonMapping
    logprobs: JsonMapping | None
    finish_reason: FinishReason | None


class Chunk(TypedDict):
    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: NotRequired[ChatUsage]
    service_tier: NotRequired[str]


class Place(TypedDict):
    """What stood before a thought: :mod:`wire_formats.chat.thought_order`."""

    characters: int
    calls: int


class Placed(TypedDict, total=False):
    index: int
    position: Place


class ReasoningDetail(Placed, total=False):
    """An entry of OpenRouter's ``reasoning_details``: a text, a summary or sealed ``data``."""

    type: Required[Literal["reasoning.text", "reasoning.summary", "reasoning.encrypted"]]
    text: str
    summary: str
    data: str
    signature: str | None
    id: str | None
    format: str


class ThinkingBlock(Placed, total=False):
    """An entry of LiteLLM's ``thinking_blocks``, which are Anthropic's."""

    type: Required[Literal["thinking", "redacted_thinking"]]
    thinking: str
    signature: str
    data: str


class ReasoningFields(TypedDict, total=False):
    """The side fields for reasoning of an assistant's message, or of a ``delta``."""

    reasoning_content: str
    reasoning: str
    reasoning_details: list[ReasoningDetail]
    thinking_blocks: list[ThinkingBlock]


class GoogleFields(TypedDict, total=False):
    """The side field for Google's signature of a message, or of a call."""

    extra_content: JsonMapping
