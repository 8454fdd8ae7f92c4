"""The facts that are kept of one family of models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Literal

# From little thinking to much. ``none`` turns it off.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

Effort = Literal["none", "reasoning_effort", "budget", "adaptive"]
Sampling = Literal["all", "one", "none"]
ThinkingOff = Literal["", "disabled", "between_tools"]
NeedsResponses = Literal["never", "tools", "always"]
SystemRole = Literal["system", "developer", "user"]


class EarlierReasoning(Enum):
    """The field of an assistant's message in a request that takes earlier reasoning."""

    NONE = auto()  # no field: the request would be refused, or the field ignored
    AS_TOLD = auto()  # the field in which the upstream itself told it, if it did
    CONTENT = auto()  # ``reasoning_content``
    PARTS = auto()  # parts of the type ``thinking`` in ``content``
    ALL = auto()  # every field that :mod:`wire_formats.chat.reasoning` writes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatForm:
    """How chats with a family take what chat completions have no common way to write.

    ``has_thinking_switch``: ``thinking`` with a ``type`` is a field of chats, too.
    ``needs_signatures``: calls in the history are refused without Google's signatures.
    ``keeps_cache_marks``: what is to be cached may be marked; ``openrouter_keeps_cache_marks``: at
    OpenRouter. ``has_short_call_ids``: ids of calls have nine letters and digits;
    ``has_limited_call_ids``: at most 40 characters. ``marks_prefill``: the beginning of an answer
    is marked as one. ``has_strict_roles``: a user may not speak right after a tool.
    ``takes_late_system``: messages of the role ``system`` may follow others.
    """

    reasoning: EarlierReasoning = EarlierReasoning.AS_TOLD
    has_thinking_switch: bool = False
    needs_signatures: bool = False
    keeps_cache_marks: bool = False
    openrouter_keeps_cache_marks: bool = False
    has_short_call_ids: bool = False
    has_limited_call_ids: bool = False
    marks_prefill: bool = False
    has_strict_roles: bool = False
    takes_late_system: bool = True


PLAIN_CHAT = ChatForm()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The facts about one family, each as far as a translation or an adapter needs it.

    ``is_reasoning``: as OpenAI's reasoning models it takes ``max_completion_tokens`` only, and a
    first system message with the role ``system_role``.
    ``max_output_tokens``: the most that may be asked for; None where unknown.
    ``min_response_tokens``: the least ``max_output_tokens`` of the Responses API.
    ``effort``: how the effort of thinking is written: not at all, as ``reasoning_effort``, as
    Anthropic's ``thinking.budget_tokens``, or as adaptive thinking and ``output_config.effort``.
    ``efforts``: the values of it that are accepted.
    ``sampling``: whether ``temperature``, ``top_p`` and ``top_k`` are accepted: all, one of
    ``temperature`` and ``top_p``, or none.
    ``thinking_off``: Anthropic's ``thinking.type`` that turns thinking off; empty if nothing does.
    ``thinks_by_default``: it thinks where a request says nothing of it.
    ``hides_thoughts``: thoughts come without their text unless ``thinking.display`` asks for it.
    ``takes_forced_tools``: whether ``tool_choice`` may force a call on Anthropic's API.
    ``takes_prefill``: whether the last message may be the beginning of the answer.
    ``needs_responses``: whether OpenAI serves it at ``/responses`` only: never, for chats with
    tools unless ``reasoning_effort`` is ``none``, or always.
    ``needs_reasoning_back``: earlier messages that call tools must keep their reasoning.
    ``chat``: how its chats are written where that differs.
    ``thinks_in_tags``: it may write its reasoning into the answer, as ``<think>…</think>``.
    ``source`` is where this was read.
    """

    name: str
    pattern: str = ""
    is_reasoning: bool = False
    system_role: SystemRole = "system"
    max_output_tokens: int | None = None
    min_response_tokens: int = 16
    effort: Effort = "reasoning_effort"
    efforts: tuple[str, ...] = ("low", "medium", "high")
    sampling: Sampling = "all"
    thinking_off: ThinkingOff = "disabled"
    thinks_by_default: bool = False
    hides_thoughts: bool = False
    takes_forced_tools: bool = True
    takes_prefill: bool = True
    needs_responses: NeedsResponses = "never"
    needs_reasoning_back: bool = False
    chat: ChatForm = PLAIN_CHAT
    thinks_in_tags: bool = False
    source: str = ""

    def nearest_effort(self, wanted: Any) -> str | None:
        """The accepted effort that is the most not above ``wanted``, else the least there is.

        None for a word that is no effort, for ``none`` where it is not accepted, and for a family
        without efforts.
        """
        if wanted in self.efforts:
            return str(wanted)
        if wanted not in EFFORTS or wanted == "none":
            return None
        rank = EFFORTS.index(wanted)
        known = [each for each in EFFORTS[1:] if each in self.efforts]
        lower = [each for each in known if EFFORTS.index(each) <= rank]
        return (lower[-1] if lower else known[0]) if known else None
