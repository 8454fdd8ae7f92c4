"""How an upstream's chats take what only the Messages API has a place for.

Chat completions have no common way to write reasoning in a history, or to mark what is to be
cached. Each kind of model has its own; the names of models tell the kind. Limits, efforts and
parameters that are refused stand in :mod:`wire_formats.families`.

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

from wire_formats.families import UNKNOWN, family_of
from wire_formats.family import Family


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
    ``is_sampled``: ``temperature`` and ``top_p`` are taken; ``takes_stops``: ``stop`` is.
    """

    reasoning: Spelling = Spelling.AS_TOLD
    needs_reasoning: bool = False
    efforts: tuple[str, ...] = ()
    off: str = ""
    has_thinking_switch: bool = False
    needs_signatures: bool = False
    most_tokens: int | None = None
    is_sampled: bool = True
    takes_stops: bool = True
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

    def of_family(self, family: Family) -> ChatTraits:
        """The same with what is known of the model's ``family``."""
        efforts, off = self.efforts, ""
        if family.name != UNKNOWN.name and family.effort == "reasoning_effort":
            efforts = tuple(level for level in LEVELS if level in family.efforts)
            off = next((word for word in ("none", "minimal") if word in family.efforts), "")
        return replace(
            self,
            efforts=efforts,
            off=off,
            needs_reasoning=self.needs_reasoning or family.needs_reasoning_back,
            most_tokens=family.max_output_tokens,
            is_sampled=family.sampling != "none",
            takes_stops=not family.is_reasoning,
        )

    def as_admin_says(self, *, is_reasoning: bool | None) -> ChatTraits:
        """The same with an admin's word on the family; None where the name decides."""
        if is_reasoning is None:
            return self
        efforts = self.efforts or EFFORTS if is_reasoning else ()
        return replace(
            self,
            efforts=efforts,
            off=self.off if is_reasoning else "",
            is_sampled=not is_reasoning,
            takes_stops=not is_reasoning,
        )


PLAIN = ChatTraits()
OPENAI = ChatTraits(reasoning=Spelling.NONE, has_limited_call_ids=True)
DEEPSEEK = ChatTraits(reasoning=Spelling.CONTENT, has_thinking_switch=True)
MISTRAL = ChatTraits(
    reasoning=Spelling.PARTS,
    has_short_call_ids=True,
    marks_prefill=True,
    has_strict_roles=True,
    takes_late_system=False,
)
# The first pattern that fits a model's name decides. As of November 2026.
KINDS: tuple[tuple[re.Pattern[str], ChatTraits], ...] = tuple(
    (re.compile(pattern), traits)
    for pattern, traits in (
        (r"gpt-oss|grok-(?:3-mini|[4-9])", ChatTraits(efforts=EFFORTS)),
        (r"(?:^|[/.])(?:(?:chat)?gpt-[3-9]|o[134](?:-|$))", OPENAI),
        (r"mimo", replace(DEEPSEEK, needs_reasoning=True)),
        (r"deepseek|kimi-k2\.[56]", DEEPSEEK),
        (r"kimi|moonshot", ChatTraits(reasoning=Spelling.CONTENT)),
        (r"qwen|qwq", ChatTraits(reasoning=Spelling.CONTENT, takes_late_system=False)),
        (r"(?:^|[/.-])glm-[4-9]|minimax|doubao|seed-", ChatTraits(reasoning=Spelling.CONTENT)),
        (r"mistral|magistral|ministral|devstral|codestral|mixtral", MISTRAL),
        (
            r"gemini-(?:[3-9]|\d{2})",
            ChatTraits(reasoning=Spelling.NONE, needs_signatures=True),
        ),
        (r"gemini", ChatTraits(reasoning=Spelling.NONE)),
        (r"claude", ChatTraits(reasoning=Spelling.ALL, keeps_cache_marks=True)),
    )
)
CACHE_MARKED = re.compile(r"claude|gemini|qwen")


@lru_cache(maxsize=1024)
def traits_of(model: str, family: Family | None = None) -> ChatTraits:
    """The traits of ``model``, an upstream's name of it, with the facts about its ``family``."""
    name = model.lower()
    traits = next((traits for pattern, traits in KINDS if pattern.search(name)), PLAIN)
    return traits.of_family(family or family_of(model))


@lru_cache(maxsize=1024)
def openrouter_traits(model: str, family: Family | None = None) -> ChatTraits:
    """Those of a model behind OpenRouter, which translates for each provider itself."""
    return replace(
        traits_of(model, family),
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
        takes_stops=True,
        takes_top_k=True,
        takes_file_urls=True,
        keeps_cache_marks=CACHE_MARKED.search(model.lower()) is not None,
    )
