"""How much a model is to think, from every way to say it in a chat, in Anthropic's words.

``reasoning_effort`` is OpenAI's, ``reasoning`` OpenRouter's, ``thinking`` and ``output_config`` are
Anthropic's own, which LiteLLM's clients send too. The model's family decides what it is told:

    adaptive families   thinking: adaptive, output_config.effort
    older families      thinking: enabled, with a budget
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from wire_formats.family import Family
from wire_formats.json_types import JsonObject
from wire_formats.messages.request_from_chat.tools import FORCED, ToolFields

if TYPE_CHECKING:
    from anthropic.types import (
        OutputConfigParam,
        ThinkingConfigAdaptiveParam,
        ThinkingConfigParam,
    )

SMALLEST_BUDGET = 1024
ROOM_TO_ANSWER = 4096  # left by a budget below a limit that is not the client's
BUDGETS = {
    "minimal": 1024,
    "low": 1024,
    "medium": 4096,
    "high": 16384,
    "xhigh": 32768,
    "max": 59904,
}
DEFAULT_EFFORT = "medium"
HIGHEST_WITHOUT_THINKING = "high"  # some families take no more effort than that


class ThinkingFields(TypedDict, total=False):
    """The fields of a request that are about thinking."""

    thinking: ThinkingConfigParam
    output_config: OutputConfigParam


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingRequest:
    """What a client wants. ``source`` is the field it said so in, empty for none.

    ``effort`` may be any word. ``budget`` is in tokens. ``is_hidden``: it wants no thoughts told.
    """

    source: str = ""
    effort: str = ""
    budget: int | None = None
    is_off: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What else a request says. ``is_own``: ``max_tokens`` is the client's, and so is kept."""

    max_tokens: int
    is_own: bool
    is_forced: bool
    is_prefilled: bool
    lacks_thoughts: bool


def thinking_request_of(body: JsonObject) -> ThinkingRequest:
    """The request in a chat's ``body``; a more special field goes before ``reasoning_effort``."""
    reasoning = body.get("reasoning")
    reasoning = reasoning if isinstance(reasoning, dict) else {}
    is_hidden = reasoning.get("exclude") is True or body.get("include_reasoning") is False
    if isinstance(thinking := body.get("thinking"), dict) and thinking:
        return _own_request(thinking, body, is_hidden)
    budget, effort = reasoning.get("max_tokens"), reasoning.get("effort")
    if isinstance(budget, int) and not isinstance(budget, bool) and budget > 0:
        return ThinkingRequest(source="reasoning", budget=budget, is_hidden=is_hidden)
    if reasoning.get("enabled") is False:
        return ThinkingRequest(source="reasoning", is_off=True)
    for source, word in (("reasoning", effort), ("reasoning_effort", body.get("reasoning_effort"))):
        if word is not None:
            is_off = word == "none"
            return ThinkingRequest(
                source=source, effort=str(word), is_off=is_off, is_hidden=is_hidden
            )
    if reasoning.get("enabled") is True:
        return ThinkingRequest(source="reasoning", effort=DEFAULT_EFFORT, is_hidden=is_hidden)
    return ThinkingRequest(is_hidden=is_hidden)


def _own_request(thinking: JsonObject, body: JsonObject, is_hidden: bool) -> ThinkingRequest:
    is_hidden = is_hidden or thinking.get("display") == "omitted"
    budget = thinking.get("budget_tokens")
    config = body.get("output_config")
    effort = config.get("effort") if isinstance(config, dict) else body.get("reasoning_effort")
    asked = ThinkingRequest(source="thinking", effort=str(effort or ""), is_hidden=is_hidden)
    match thinking.get("type"):
        case "disabled" | "between_tools":
            return replace(asked, is_off=True)
        case "enabled" if isinstance(budget, int) and not isinstance(budget, bool):
            return replace(asked, budget=budget)
        case _:
            return asked if asked.effort else replace(asked, effort="high")


def thinking_for(
    asked: ThinkingRequest, family: Family, limits: Limits, lost: list[str]
) -> ThinkingFields:
    """``thinking`` and ``output_config`` as far as they are to be said.

    What cannot be done, or is done otherwise, is added to ``lost``. Anthropic lets no model think
    that must call a tool or go on from words of the client's, nor an older one whose thoughts
    before a call are missing.
    """
    may_think = not (limits.is_forced or limits.is_prefilled)
    if not asked.source:
        return _off(family) if limits.is_forced and family.thinks_by_default else {}
    if family.effort == "adaptive":
        return _adaptive(asked, family, may_think=may_think, lost=lost)
    if asked.is_off:
        return {}
    if family.effort == "none" or not may_think or limits.lacks_thoughts:
        lost.append(asked.source)
        return {}
    return _enabled(asked, limits, lost)


def _adaptive(
    asked: ThinkingRequest, family: Family, *, may_think: bool, lost: list[str]
) -> ThinkingFields:
    if asked.is_off:
        if family.thinking_off or not family.thinks_by_default:
            return _off(family) if family.thinks_by_default else {}
        lost.append(asked.source)
        return _with_effort({}, family.nearest_effort("minimal"))
    wanted = asked.effort or _effort_of(asked.budget)
    effort = family.nearest_effort(wanted)
    if asked.budget or effort != wanted:
        lost.append(asked.source)
    if not may_think:
        effort = _at_most(effort, HIGHEST_WITHOUT_THINKING, family)
        lost.append(asked.source)
        return _with_effort(_off(family) if family.thinks_by_default else {}, effort)
    thinking: ThinkingConfigAdaptiveParam = {"type": "adaptive"}
    if asked.is_hidden or family.hides_thoughts:
        thinking["display"] = "omitted" if asked.is_hidden else "summarized"
    return _with_effort({"thinking": thinking}, effort)


def _off(family: Family) -> ThinkingFields:
    match family.thinking_off:
        case "disabled":
            return {"thinking": {"type": "disabled"}}
        case "between_tools":
            return {"thinking": {"type": "between_tools"}}
        case "":
            return {}


def _with_effort(fields: ThinkingFields, effort: Any) -> ThinkingFields:
    """``effort`` is one of the family's, or None."""
    if effort:
        fields["output_config"] = {"effort": effort}
    return fields


def _at_most(effort: str | None, highest: str, family: Family) -> str | None:
    names = list(BUDGETS)
    if effort is None or names.index(effort) <= names.index(highest):
        return effort
    return family.nearest_effort(highest)


def _effort_of(budget: int | None) -> str:
    """The effort whose budget is the nearest that is not above ``budget``."""
    fitting = [name for name, tokens in BUDGETS.items() if tokens <= (budget or 0)]
    return fitting[-1] if fitting else "low"


def _enabled(asked: ThinkingRequest, limits: Limits, lost: list[str]) -> ThinkingFields:
    budget = asked.budget or BUDGETS.get(asked.effort)
    if budget is None:
        lost.append(asked.source)
        return {}
    highest = limits.max_tokens - (1 if limits.is_own else ROOM_TO_ANSWER)
    if highest < SMALLEST_BUDGET:
        lost.append(asked.source)
        return {}
    budget = max(min(budget, highest), SMALLEST_BUDGET)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def is_forced(tools: ToolFields) -> bool:
    """Whether ``tool_choice`` among the fields ``tools`` forces a call."""
    return "tool_choice" in tools and tools["tool_choice"]["type"] in FORCED
