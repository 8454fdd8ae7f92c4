"""Why a model stopped, in the words of each format, from and to those of chat completions.

https://platform.openai.com/docs/api-reference/chat/object (``finish_reason``)
https://docs.anthropic.com/en/api/handling-stop-reasons
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from wire_formats.json_types import JsonObject

if TYPE_CHECKING:
    from anthropic.types import StopReason

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]

FROM_MESSAGES: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
TO_MESSAGES: dict[str, StopReason] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
# ``incomplete_details.reason`` of a response.
FROM_RESPONSES: dict[str, FinishReason] = {
    "content_filter": "content_filter",
    "max_output_tokens": "length",
}
TO_RESPONSES: dict[str, str] = {finish: reason for reason, finish in FROM_RESPONSES.items()}
# ``done_reason`` of Ollama's own API.
FROM_OLLAMA: dict[str, FinishReason] = {"stop": "stop", "length": "length"}


def from_messages(reason: Any) -> FinishReason:
    """``stop_reason`` of a message as the ``finish_reason`` of a chat."""
    return FROM_MESSAGES.get(str(reason), "stop")


def to_messages(finish_reason: Any, *, has_calls: bool, is_refused: bool = False) -> StopReason:
    """``finish_reason`` of a chat as the ``stop_reason`` of a message.

    ``has_calls``: the answer calls tools, after which some providers say ``stop``, too.
    """
    if is_refused:
        return "refusal"
    reason = TO_MESSAGES.get(str(finish_reason), "end_turn")
    return "tool_use" if has_calls and reason == "end_turn" else reason


def from_responses(response: JsonObject, *, has_calls: bool) -> FinishReason:
    """How a ``response`` ended, as the ``finish_reason`` of a chat."""
    if response.get("status") == "incomplete":
        details = response.get("incomplete_details") or {}
        return FROM_RESPONSES.get(str(details.get("reason")), "length")
    return "tool_calls" if has_calls else "stop"


def to_responses(finish_reason: Any) -> str:
    """``finish_reason`` of a chat as why a response is incomplete; empty for one that is not."""
    return TO_RESPONSES.get(str(finish_reason), "")


def from_ollama(reason: Any, *, has_calls: bool) -> FinishReason:
    """``done_reason`` of Ollama as the ``finish_reason`` of a chat."""
    return "tool_calls" if has_calls else FROM_OLLAMA.get(str(reason), "stop")
