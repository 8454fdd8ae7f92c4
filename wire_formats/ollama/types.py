"""The requests of Ollama's own API, and OpenAI's embeddings as they are written from its answers.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from wire_formats.json_types import JsonObject


class CalledFunction(TypedDict):
    name: str
    arguments: JsonObject


class ToolCall(TypedDict):
    id: NotRequired[str]
    function: CalledFunction


class Message(TypedDict):
    """``images`` are in base64. ``tool_name`` is the function whose result the message holds."""

    role: str
    content: str
    thinking: NotRequired[str]
    images: NotRequired[list[str]]
    tool_calls: NotRequired[list[ToolCall]]
    tool_name: NotRequired[str]
    tool_call_id: NotRequired[str]


class ChatRequest(TypedDict):
    """``/api/chat``. ``format`` is a JSON schema or ``json``, ``think`` a boolean or an effort."""

    model: str
    messages: list[Message]
    stream: bool
    options: NotRequired[JsonObject]
    format: NotRequired[JsonObject | Literal["json"]]
    think: NotRequired[bool | str]
    tools: NotRequired[list[JsonObject]]
    keep_alive: NotRequired[Any]
    logprobs: NotRequired[bool]
    top_logprobs: NotRequired[int]


class EmbedRequest(TypedDict):
    """``/api/embed``."""

    model: str
    input: str | list[str]


class Embedding(TypedDict):
    """``embedding`` is a text where the client asked for base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingUsage(TypedDict):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(TypedDict):
    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage
