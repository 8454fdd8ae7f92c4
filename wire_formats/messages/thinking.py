"""OpenAI's ``reasoning_effort`` as a budget for Anthropic's extended thinking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wire_formats.chat.reading import messages_of
from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from anthropic.types import ThinkingConfigEnabledParam
    from anthropic.types.message_create_params import MessageCreateParamsBase

SMALLEST_BUDGET = 1024
BUDGETS = {"low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768}
FORCED = frozenset({"any", "tool"})


def thinking_for(
    body: JsonObject, request: MessageCreateParamsBase
) -> tuple[int, ThinkingConfigEnabledParam] | None:
    """``max_tokens`` and ``thinking`` for ``request``; None where it cannot or need not think.

    A limit that the client set is kept: the budget is cut to fit below it. Anthropic lets no model
    think that must call a tool, or whose earlier thoughts are missing, which chat has no place for.
    """
    budget = BUDGETS.get(str(body.get("reasoning_effort")))
    if (
        budget is None
        or body.get("thinking") is not None
        or _is_forced(request)
        or _is_within_a_tool_call(body)
    ):
        return None
    limit = request["max_tokens"]
    if not (body.get("max_tokens") or body.get("max_completion_tokens")):
        limit += budget
    budget = min(budget, limit - 1)
    if budget < SMALLEST_BUDGET:
        return None
    return limit, {"type": "enabled", "budget_tokens": budget}


def _is_forced(request: MessageCreateParamsBase) -> bool:
    choice = request.get("tool_choice")
    return choice is not None and choice["type"] in FORCED


def _is_within_a_tool_call(body: JsonObject) -> bool:
    roles = [message["role"] for message in messages_of(body)]
    return bool(roles) and roles[-1] == "tool"
