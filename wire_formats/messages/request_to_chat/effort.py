"""How hard a model is to think: ``thinking`` and ``output_config.effort`` in the words of chats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from wire_formats.json_types import JsonObject
from wire_formats.messages.request_to_chat.chat_traits import LEVELS, ChatTraits

if TYPE_CHECKING:
    from wire_formats.chat.request_types import RequestFields

DEFAULT = "high"  # Anthropic's, where a model decides by itself how much to think
# The first budget in tokens, from above, that the client's reaches: Claude Code's is 31,999.
BUDGETS = ((16_384, "high"), (4_096, "medium"), (0, "low"))
DISABLED: Final = "disabled"
EFFORT = "output_config.effort"


def add_reasoning_request(chat: RequestFields, body: JsonObject, traits: ChatTraits) -> list[str]:
    """Add the fields that ask for reasoning. Returns the names of what has no such field.

    A level that the model does not have becomes the next that it has, which is named.
    """
    thinking, effort = _kind_of_thinking(body), _effort_in(body)
    if not thinking and not effort:
        return []
    if traits.has_thinking_switch and thinking:
        chat["thinking"] = {"type": DISABLED if thinking == DISABLED else "enabled"}
    if thinking == DISABLED:
        return _switched_off(chat, traits, effort)
    if not traits.efforts:
        lost = ["thinking"] if thinking and "thinking" not in chat else []
        return [*lost, EFFORT] if effort else lost
    level = effort or _level_of(body.get("thinking"))
    chat["reasoning_effort"] = traits.effort(level)
    return [EFFORT] if effort and chat["reasoning_effort"] != effort else []


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


def _switched_off(chat: RequestFields, traits: ChatTraits, effort: str) -> list[str]:
    lost = [EFFORT] if effort else []
    if traits.off:
        chat["reasoning_effort"] = traits.off
        return lost
    return ["thinking", *lost] if traits.efforts else lost


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
