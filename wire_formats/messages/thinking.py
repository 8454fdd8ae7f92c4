"""OpenAI's ``reasoning_effort`` as a budget for Anthropic's extended thinking."""

from __future__ import annotations

from wire_formats.chat.reading import messages_of
from wire_formats.json_types import JsonObject

SMALLEST_BUDGET = 1024
BUDGETS = {"low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768}
FORCED = frozenset({"any", "tool"})


def thinking_for(body: JsonObject, request: JsonObject) -> JsonObject:
    """The fields of ``request`` that must read otherwise; empty where it cannot or need not think.

    A limit that the client set is kept: the budget is cut to fit below it. Anthropic lets no model
    think that must call a tool, or whose earlier thoughts are missing, which chat has no place for.
    """
    budget = BUDGETS.get(str(body.get("reasoning_effort")))
    if (
        budget is None
        or "thinking" in request
        or request.get("tool_choice", {}).get("type") in FORCED
        or _is_within_a_tool_call(body)
    ):
        return {}
    limit = request["max_tokens"]
    if not (body.get("max_tokens") or body.get("max_completion_tokens")):
        limit += budget
    budget = min(budget, limit - 1)
    if budget < SMALLEST_BUDGET:
        return {}
    return {"max_tokens": limit, "thinking": {"type": "enabled", "budget_tokens": budget}}


def _is_within_a_tool_call(body: JsonObject) -> bool:
    roles = [message["role"] for message in messages_of(body)]
    return bool(roles) and roles[-1] == "tool"
