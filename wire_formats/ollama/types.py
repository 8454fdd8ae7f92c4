"""Ollama's request for embeddings, and OpenAI's embeddings as they are written from its answers.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from typing import Literal, TypedDict


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
