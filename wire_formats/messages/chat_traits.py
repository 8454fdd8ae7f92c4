"""How an upstream's chats take what only the Messages API has a place for.

Chat completions have no common way to write reasoning in a history, to ask for reasoning, or to
mark what is to be cached. Each family of models has its own; the names of models tell the family.

https://api-docs.deepseek.com/guides/thinking_mode
https://platform.kimi.ai/docs/guide/use-thinking-effort
https://docs.mistral.ai/capabilities/reasoning
https://ai.google.dev/gemini-api/docs/openai
https://platform.openai.com/docs/guides/reasoning
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache
from typing import Any


class Spelling(Enum):
    """The field of an assistant's message in a request that takes earlier reasoning."""

    NONE = auto()  # no field: the request would be refused, or the field ignored
    AS_TOLD = auto()  # the field in which the upstream itself told it, if it did
    CONTENT = auto()  # ``reasoning_content``
    PARTS = auto()  # parts of the type ``thinking`` in ``content``
    ALL = auto()  # every field that :mod:`wire_formats.chat.reasoning` writes


LEVELS = ("low", "medium", "high", "xhigh", "max")
EFFORTS = LEVELS[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTraits:
    """The traits of one model of one upstream.

    ``needs_reasoning``: a call in the history is refused without the reasoning that led to it.
    ``efforts`` are the values of ``reasoning_effort`` from the lowest to the highest; empty where
    the model does not reason. ``off`` is the value that switches reasoning off, empty for none.
    ``has_thinking_switch``: ``thinking`` with a ``type`` is a field of chats, too.
    ``needs_signatures``: calls in the history are refused without Google's signatures.
    ``most_tokens`` is the highest ``max_tokens``; None where unknown.
    ``has_strict_roles``: a user may not speak right after a tool. ``takes_late_system``: messages
    of the role ``system`` may follow others.
    ``is_sampled``: ``temperature``, ``top_p`` and ``stop`` are taken.
    """

    reasoning: Spelling = Spelling.AS_TOLD
    needs_reasoning: bool = False
    efforts: tuple[str, ...] = ()
    off: str = ""
    has_thinking_switch: bool = False
    needs_signatures: bool = False
    most_tokens: int | None = None
    is_sampled: bool = True
    takes_top_k: bool = False
    takes_file_urls: bool = False
    keeps_cache_marks: bool = False
    has_short_call_ids: bool = False
    has_limited_call_ids: bool = False
    marks_prefill: bool = False
    has_strict_roles: bool = False
    takes_late_system: bool = True

    def without_demands(self) -> ChatTraits:
        """The same for a request that switches reasoning off."""
        return replace(self, needs_reasoning=False) if self.needs_reasoning else self

    def effort(self, level: str) -> str:
        """The least of the ``efforts`` that is no less than ``level``, or else the highest."""
        least = LEVELS.index(level)
        return next((it for it in self.efforts if LEVELS.index(it) >= least), self.efforts[-1])

    def as_family(self, *, is_reasoning: bool | None) -> ChatTraits:
        """The same with an admin's word on the family; None where the name decides."""
        if is_reasoning is None:
            return self
        if is_reasoning:
            return replace(self, efforts=self.efforts or EFFORTS, is_sampled=False, **OPENAI)
        return replace(self, efforts=(), off="", is_sampled=True)


PLAIN = ChatTraits()
DEMANDING: dict[str, Any] = {"reasoning": Spelling.CONTENT, "needs_reasoning": True}
OPENAI: dict[str, Any] = {"reasoning": Spelling.NONE, "has_limited_call_ids": True}
# The first pattern that fits a model's name decides. As of November 2026.
FAMILIES: tuple[tuple[re.Pattern[str], ChatTraits], ...] = tuple(
    (re.compile(pattern), traits)
    for pattern, traits in (
        (
            r"gpt-oss",
            ChatTraits(efforts=EFFORTS),
        ),
        (
            r"(?:^|[/.])(?:gpt-\d.*-chat|o1-(?:mini|preview))",
            ChatTraits(is_sampled=False, **OPENAI),
        ),
        (
            r"(?:^|[/.])(?:gpt-5\.(?:[2-9]|1-codex-max)|gpt-[6-9])",
            ChatTraits(efforts=LEVELS[:4], off="none", is_sampled=False, **OPENAI),
        ),
        (
            r"(?:^|[/.])gpt-5\.1",
            ChatTraits(efforts=EFFORTS, off="none", is_sampled=False, **OPENAI),
        ),
        (
            r"(?:^|[/.])gpt-5",
            ChatTraits(efforts=EFFORTS, off="minimal", is_sampled=False, **OPENAI),
        ),
        (
            r"(?:^|[/.])o[134](?:-|$)",
            ChatTraits(efforts=EFFORTS, is_sampled=False, **OPENAI),
        ),
        (
            r"(?:^|[/.])(?:chat)?gpt-4o",
            ChatTraits(most_tokens=16_384, **OPENAI),
        ),
        (
            r"(?:^|[/.])gpt-4\.1",
            ChatTraits(most_tokens=32_768, **OPENAI),
        ),
        (
            r"(?:^|[/.])gpt-(?:4-turbo|3\.?5)",
            ChatTraits(most_tokens=4_096, **OPENAI),
        ),
        (
            r"(?:^|[/.])gpt-4",
            ChatTraits(most_tokens=8_192, **OPENAI),
        ),
        (
            r"deepseek",
            ChatTraits(efforts=LEVELS, has_thinking_switch=True, **DEMANDING),
        ),
        (
            r"kimi-k(?:[3-9]|\d\d)",
            ChatTraits(efforts=("low", "high", "max"), **DEMANDING),
        ),
        (
            r"kimi-k2\.[56]|mimo",
            ChatTraits(has_thinking_switch=True, **DEMANDING),
        ),
        (
            r"kimi|moonshot",
            ChatTraits(**DEMANDING),
        ),
        (
            r"qwen|qwq",
            ChatTraits(reasoning=Spelling.CONTENT, takes_late_system=False),
        ),
        (
            r"(?:^|[/.-])glm-[4-9]|minimax|doubao|seed-",
            ChatTraits(reasoning=Spelling.CONTENT),
        ),
        (
            r"mistral|magistral|ministral|devstral|codestral|mixtral",
            ChatTraits(
                reasoning=Spelling.PARTS,
                has_short_call_ids=True,
                marks_prefill=True,
                has_strict_roles=True,
                takes_late_system=False,
            ),
        ),
        (
            r"gemini-(?:[3-9]|\d{2})",
            ChatTraits(reasoning=Spelling.NONE, efforts=EFFORTS, needs_signatures=True),
        ),
        (
            r"gemini-2\.5-flash",
            ChatTraits(reasoning=Spelling.NONE, efforts=EFFORTS, off="none"),
        ),
        (
            r"gemini-2\.5",
            ChatTraits(reasoning=Spelling.NONE, efforts=EFFORTS),
        ),
        (
            r"gemini",
            ChatTraits(reasoning=Spelling.NONE),
        ),
        (
            r"grok-(?:3-mini|[4-9])",
            ChatTraits(efforts=EFFORTS),
        ),
        (
            r"claude",
            ChatTraits(reasoning=Spelling.ALL, keeps_cache_marks=True),
        ),
    )
)
CACHE_MARKED = re.compile(r"claude|gemini|qwen")


@lru_cache(maxsize=1024)
def traits_of(model: str) -> ChatTraits:
    """The traits of the family that ``model``, an upstream's name of it, belongs to."""
    name = model.lower()
    return next((traits for pattern, traits in FAMILIES if pattern.search(name)), PLAIN)


@lru_cache(maxsize=1024)
def openrouter_traits(model: str) -> ChatTraits:
    """Those of a model behind OpenRouter, which translates for each provider itself."""
    traits = traits_of(model)
    return replace(
        traits,
        reasoning=Spelling.ALL,
        needs_reasoning=False,
        needs_signatures=False,
        has_thinking_switch=False,
        has_short_call_ids=False,
        marks_prefill=False,
        has_strict_roles=False,
        efforts=LEVELS[:4],
        off="none",
        is_sampled=True,
        takes_top_k=True,
        takes_file_urls=True,
        keeps_cache_marks=CACHE_MARKED.search(model.lower()) is not None,
    )
