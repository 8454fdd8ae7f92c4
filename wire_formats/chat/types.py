"""The parts of chat completions that are written here, whole and in chunks.

OpenAI's SDK has models of them and no TypedDicts. These here are as the models are, with the fields
that are written and no others. ``reasoning_content`` is DeepSeek's; many clients show it. A message
or a ``delta`` may have side fields of other providers, such as :mod:`wire_formats.chat.reasoning`
writes.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from wire_formats.json_types import JsonMapping
from wire_formats.stop_reasons import FinishReason
from wire_formats.token_counts import ChatUsage


class Arguments(TypedDict):
    arguments: str


class CalledFunction(Arguments):
    name: str


class ToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: CalledFunction


class Message(TypedDict):
    role: Literal["assistant"]
    content: str | None
    refusal: str | None
    reasoning_content: NotRequired[str]
    tool_calls: NotRequired[list[ToolCall]]


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


class BegunCall(ToolCall):
    """The first that a stream tells of a call."""

    index: int


class ContinuedCall(TypedDict):
    """More of the arguments of a call that was begun."""

    index: int
    function: Arguments


class Delta(TypedDict, total=False):
    role: Literal["assistant"]
    content: str
    refusal: str
    reasoning_content: str
    tool_calls: list[BegunCall | ContinuedCall]


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
