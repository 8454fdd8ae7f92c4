"""How hard a model is to think: ``thinking`` and ``output_config.effort`` in the words of chats."""

from __future__ import annotations

from typing import Any

from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.chat_traits import LEVELS, ChatTraits

DEFAULT = "high"  # Anthropic's, where a model decides by itself how much to think
# The first budget in tokens, from above, that the client's reaches: Claude Code's is 31,999.
BUDGETS = ((16_384, "high"), (4_096, "medium"), (0, "low"))
DISABLED = "disabled"
EFFORT = "output_config.effort"


def reasoning_request(body: JsonObject, traits: ChatTraits) -> tuple[JsonObject, list[str]]:
    """The fields of a chat that ask for reasoning, and the names of those that have no such field.

    A level that the model does not have becomes the next that it has, which is named.
    """
    thinking, effort = _kind_of_thinking(body), _effort_in(body)
    if not thinking and not effort:
        return {}, []
    chat: JsonObject = {}
    if traits.has_thinking_switch and thinking:
        chat["thinking"] = {"type": DISABLED if thinking == DISABLED else "enabled"}
    if thinking == DISABLED:
        return _switched_off(chat, traits, effort)
    if not traits.efforts:
        lost = ["thinking"] if thinking and not chat else []
        return chat, [*lost, EFFORT] if effort else lost
    level = effort or _level_of(body.get("thinking"))
    chosen = traits.effort(level)
    return chat | {"reasoning_effort": chosen}, [EFFORT] if effort and chosen != effort else []


def is_switched_off(body: JsonObject) -> bool:
    """Whether the client wants no thinking."""
    return _kind_of_thinking(body) == DISABLED


def hides_thoughts(body: JsonObject) -> bool:
    """Whether the client wants thoughts without their text."""
    match body.get("thinking"):
        case {"display": "omitted"}:
            return True
        case _:
            return False


def _switched_off(
    chat: JsonObject, traits: ChatTraits, effort: str
) -> tuple[JsonObject, list[str]]:
    lost = [EFFORT] if effort else []
    if traits.off:
        return chat | {"reasoning_effort": traits.off}, lost
    return chat, ["thinking", *lost] if traits.efforts else lost


def _kind_of_thinking(body: JsonObject) -> str:
    match body.get("thinking"):
        case {"type": str(kind)}:
            return kind
        case _:
            return ""


def _effort_in(body: JsonObject) -> str:
    match body.get("output_config"):
        case {"effort": str(effort)} if effort in LEVELS:
            return effort
        case _:
            return ""


def _level_of(thinking: Any) -> str:
    match thinking:
        case {"budget_tokens": int() | float() as budget}:
            return next(level for least, level in BUDGETS if budget >= least or not least)
        case _:
            return DEFAULT
