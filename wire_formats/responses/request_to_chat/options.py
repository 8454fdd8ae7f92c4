"""The plain parameters of a Responses request in the words of a chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.json_values import is_given

if TYPE_CHECKING:
    from wire_formats.chat.request_types import RequestFields

SAME = (
    "model",
    "temperature",
    "top_p",
    "stream",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "user",
)
# Read elsewhere, told back to the client, or without a meaning of their own where a chat answers.
HANDLED = frozenset(
    {
        "include",
        "input",
        "instructions",
        "metadata",
        "reasoning",
        "store",
        "stream_options",
        "text",
        "tool_choice",
        "tools",
    }
)
# A value that asks for what happens anyway, or for nothing.
NEUTRAL: JsonObject = {"background": False, "truncation": "disabled", "service_tier": "auto"}
# Of the fields that hold several. A summary is told of whatever reasoning the upstream shows.
UNDERSTOOD = {
    "reasoning": frozenset({"effort", "generate_summary", "summary"}),
    "text": frozenset({"format", "verbosity"}),
}
LOGPROBS = "message.output_text.logprobs"
INCLUDED = ("reasoning.encrypted_content", LOGPROBS)


def same_options(body: JsonObject) -> JsonObject:
    """The parameters that a chat has under the same names."""
    return {name: body[name] for name in SAME if is_told(body, name)}


def add_translated_options(chat: RequestFields, body: JsonObject) -> None:
    """Add the parameters that a chat has under other names. Raises ``UnsendableError``."""
    for name, add in TRANSLATED.items():
        if is_told(body, name):
            add(chat, body[name])
    if LOGPROBS in _included(body):
        chat["logprobs"] = True
    if body.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}


def left_out(body: JsonObject) -> Iterator[str]:
    """The names of what a chat has no place for."""
    known = HANDLED.union(SAME, TRANSLATED)
    yield from (name for name in body if name not in known and is_told(body, name))
    for name, understood in UNDERSTOOD.items():
        held = body.get(name)
        if isinstance(held, dict):
            yield from (f"{name}.{each}" for each in held if each not in understood and held[each])
    yield from (
        f"include.{place}" for place, each in enumerate(_included(body)) if each not in INCLUDED
    )


def is_told(body: JsonObject, name: str) -> bool:
    """Whether ``body`` says anything by its field ``name`` that does not go without saying."""
    value = body.get(name)
    return is_given(value) and value != NEUTRAL.get(name)


def _add_limit(chat: RequestFields, limit: Any) -> None:
    is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
    if not is_number or limit < 1:
        raise UnsendableError(
            "`max_output_tokens` must be a whole number above 0.", param="max_output_tokens"
        )
    chat["max_tokens"] = limit


def _add_reasoning(chat: RequestFields, reasoning: Any) -> None:
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    if effort is not None:
        chat["reasoning_effort"] = effort


def _add_text(chat: RequestFields, text: Any) -> None:
    if not isinstance(text, dict):
        return
    if text.get("verbosity") is not None:
        chat["verbosity"] = text["verbosity"]
    match text.get("format"):
        case {"type": "json_schema", **told}:
            schema: Any = told  # as the client wrote it
            chat["response_format"] = {"type": "json_schema", "json_schema": schema}
        case {"type": "json_object"}:
            chat["response_format"] = {"type": "json_object"}
        case {"type": "text"} | None:
            pass
        case _:
            raise UnsendableError(
                "`text.format` must be of the type text, json_object or json_schema.",
                param="text.format",
            )


def _add_top_logprobs(chat: RequestFields, count: Any) -> None:
    if count:
        chat["logprobs"] = True
        chat["top_logprobs"] = count


TRANSLATED: dict[str, Callable[[RequestFields, Any], None]] = {
    "max_output_tokens": _add_limit,
    "reasoning": _add_reasoning,
    "text": _add_text,
    "top_logprobs": _add_top_logprobs,
}


def _included(body: JsonObject) -> list[Any]:
    included = body.get("include")
    return included if isinstance(included, list) else []
