"""How an upstream's chats take what only the Messages API has a place for.

Chat completions have no common way to write reasoning in a history, or to mark what is to be
cached. What a model's own chats take is known of its family; a provider may stand in between.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache

from wire_formats.family import ChatForm, EarlierReasoning, Family

LEVELS = ("low", "medium", "high", "xhigh", "max")
EFFORTS = LEVELS[:3]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTraits(ChatForm):
    """The traits of one model of one upstream.

    ``needs_reasoning``: a call in the history is refused without the reasoning that led to it.
    ``efforts`` are the values of ``reasoning_effort`` from the lowest to the highest; empty where
    the model does not reason. ``off`` is the value that switches reasoning off, empty for none.
    ``most_tokens`` is the highest ``max_tokens``; None where unknown.
    ``is_sampled``: ``temperature`` and ``top_p`` are taken; ``takes_stops``: ``stop`` is.
    """

    needs_reasoning: bool = False
    efforts: tuple[str, ...] = ()
    off: str = ""
    most_tokens: int | None = None
    is_sampled: bool = True
    takes_stops: bool = True
    takes_top_k: bool = False
    takes_file_urls: bool = False

    def without_demands(self) -> ChatTraits:
        """The same for a request that switches reasoning off."""
        return replace(self, needs_reasoning=False) if self.needs_reasoning else self

    def effort(self, level: str) -> str:
        """The least of the ``efforts`` that is no less than ``level``, or else the highest."""
        least = LEVELS.index(level)
        return next((it for it in self.efforts if LEVELS.index(it) >= least), self.efforts[-1])

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


@lru_cache(maxsize=1024)
def traits_of(family: Family) -> ChatTraits:
    """The traits of a model of ``family``, where nobody stands in between."""
    efforts: tuple[str, ...] = ()
    off = ""
    if family.effort == "reasoning_effort":
        efforts = tuple(level for level in LEVELS if level in family.efforts)
        off = next((word for word in ("none", "minimal") if word in family.efforts), "")
    return ChatTraits(
        **asdict(family.chat),
        efforts=efforts,
        off=off,
        needs_reasoning=family.needs_reasoning_back,
        most_tokens=family.max_output_tokens,
        is_sampled=family.sampling != "none",
        takes_stops=not family.is_reasoning,
    )


@lru_cache(maxsize=1024)
def openrouter_traits(family: Family) -> ChatTraits:
    """Those of a model behind OpenRouter, which translates for each provider itself."""
    return replace(
        traits_of(family),
        reasoning=EarlierReasoning.ALL,
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
        keeps_cache_marks=family.chat.openrouter_keeps_cache_marks,
    )
