"""The upstreams of the matrix: one of each kind, in its own words and with its own demands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tests.acceptance.matrix.chats import DEEPSEEK_USAGE, GEMINI_USAGE, OPENAI_USAGE, Chats
from tests.acceptance.matrix.messages import Messages
from tests.acceptance.matrix.ollama import Ollama
from tests.acceptance.matrix.responses import Responses
from tests.acceptance.matrix.scenario import (
    PLAIN_USAGE,
    USAGE,
    Said,
    Seen,
    Usage,
    WrongRequestError,
)
from tests.support.provider_failures import FAILURES, Failure


class Format(Protocol):
    """One API of an upstream. ``told`` is what it said in the conversation so far."""

    def check(self, body: dict[str, Any], told: list[Said]) -> None: ...
    def seen(self, body: dict[str, Any]) -> Seen: ...
    def whole(self, said: Said, model: str) -> dict[str, Any]: ...
    def events(self, said: Said, model: str) -> list[bytes]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of upstream.

    ``formats`` are its APIs by the end of their path, ``base`` the path of its base URL;
    ``failure`` names what goes wrong there in :data:`FAILURES`.
    """

    model: str
    connection: Mapping[str, Any]
    formats: Mapping[str, Format]
    base: str = "/v1"
    failure: str
    usage: Usage = USAGE

    @property
    def expected_failure(self) -> Failure:
        [found] = [each for each in FAILURES if each.name == self.failure]
        return found


def _reasoning(said: Said) -> dict[str, Any]:
    return {"reasoning": said.thought} if said.thought else {}


def _reasoning_content(said: Said) -> dict[str, Any]:
    return {"reasoning_content": said.thought} if said.thought else {}


def _reasoning_details(said: Said) -> dict[str, Any]:
    detail = {"type": "reasoning.text", "text": said.thought, "signature": said.signature}
    shared = {"format": "anthropic-claude-v1", "index": 0, "id": None}
    return _reasoning(said) | {"reasoning_details": [detail | shared]} if said.thought else {}


class OpenRouterChats(Chats):
    """It reads thoughts from ``reasoning_details``; ``reasoning`` beside them is for people."""

    def _check_memory(self, message: dict[str, Any], said: Said) -> None:
        told = [
            (each.get("text"), each.get("signature"))
            for each in message.get("reasoning_details", ())
        ]
        if told != ([(said.thought, said.signature)] if said.thought else []):
            raise WrongRequestError("Invalid `signature` in `thinking` block")


OPENAI = {
    "/chat/completions": Chats(usage=OPENAI_USAGE, is_closed=True),
    "/responses": Responses(),
}
KINDS = {
    "openai": Kind(
        model="gpt-5.4",
        connection={"provider": "openai"},
        formats=OPENAI,
        failure="OpenAI, too long",
    ),
    "responses": Kind(
        model="gpt-5.5",
        connection={"provider": "compatible", "api_type": "responses"},
        formats={"/responses": Responses()},
        failure="OpenAI's rate",
    ),
    "azure": Kind(
        model="gpt-5.6",
        connection={"provider": "azure", "api_version": "2025-04-01-preview"},
        formats=OPENAI,
        base="",
        failure="Azure's filter",
    ),
    "anthropic": Kind(
        model="claude-opus-5",
        connection={"provider": "anthropic"},
        formats={"/v1/messages": Messages()},
        failure="Anthropic, overloaded",
    ),
    "openrouter": Kind(
        model="anthropic/claude-sonnet-4.5",
        connection={"provider": "openrouter"},
        formats={
            "/chat/completions": OpenRouterChats(usage=OPENAI_USAGE, thought=_reasoning_details),
            "/responses": Responses(),
        },
        base="/api/v1",
        failure="OpenRouter's provider, too long",
    ),
    "ollama": Kind(
        model="qwen3",
        connection={"provider": "ollama", "api_type": "native"},
        formats={"/api/chat": Ollama()},
        base="",
        failure="Ollama, too long",
        usage=PLAIN_USAGE,
    ),
    "vllm": Kind(
        model="some-vllm",
        connection={"provider": "compatible"},
        formats={
            "/chat/completions": Chats(
                usage=OPENAI_USAGE, thought=_reasoning, parts=("text", "image_url")
            )
        },
        failure="vLLM",
    ),
    "deepseek": Kind(
        model="deepseek-v4",
        connection={"provider": "compatible"},
        formats={
            "/chat/completions": Chats(
                usage=DEEPSEEK_USAGE, thought=_reasoning_content, parts=("text",)
            )
        },
        failure="OpenAI's quota",
    ),
    "gemini": Kind(
        model="gemini-3-pro",
        connection={"provider": "compatible"},
        formats={"/chat/completions": Chats(usage=GEMINI_USAGE, signs_calls=True)},
        base="/v1beta/openai",
        failure="Gemini's list",
    ),
    "pipelines": Kind(
        model="a-pipe",
        connection={"provider": "pipelines"},
        formats={
            "/chat/completions": Chats(
                usage=OPENAI_USAGE, thought=_reasoning_content, ends_abruptly=True
            )
        },
        failure="FastAPI's list",
    ),
}
