"""The parts of chat completions that are written here, whole and in chunks.

OpenAI's SDK has models of them and no TypedDicts. These here are as the models are, with the fields
that are written and no others. A message or a ``delta`` is a ``JsonMapping``: it may have side
fields of other providers, such as :mod:`wire_formats.chat.reasoning` writes.
"""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

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
