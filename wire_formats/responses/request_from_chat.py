"""A chat request in the form of OpenAI's Responses API.

https://platform.openai.com/docs/guides/migrate-to-responses
"""

from __future__ import annotations

from typing import Any

from wire_formats.chat.reading import (
    SYSTEM_ROLES,
    json_schema_of,
    limit_name,
    messages_of,
    output_limit,
    parts_of,
)
from wire_formats.family import Family
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload, dropped_parameters
from wire_formats.responses.items_from_chat import read_items
from wire_formats.responses.tools_from_chat import tool_fields

UNCHANGED = (
    "metadata",
    "moderation",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "stream",
    "temperature",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
)
KNOWN = frozenset(
    {
        "model",
        "messages",
        "functions",
        "function_call",
        "include",
        "logprobs",
        "max_tokens",
        "max_completion_tokens",
        "reasoning",
        "reasoning_effort",
        "response_format",
        "store",
        "stream_options",
        "tool_choice",
        "tools",
        "verbosity",
        "web_search_options",
        *UNCHANGED,
    }
)
SEALED_REASONING = "reasoning.encrypted_content"
LOGPROBS = "message.output_text.logprobs"
UNKNOWN = Family(name="any")


def responses_request(
    body: JsonObject, *, model: str, family: Family = UNKNOWN, is_reasoning: bool = False
) -> Payload:
    """The request of ``/responses`` for a chat's ``body``. Raises :class:`UnsendableError`.

    ``is_reasoning``: the model thinks, and its reasoning is asked for in the sealed form that can
    be given back, since a chat is not kept.
    """
    messages = list(messages_of(body))
    leading = _count_leading_system(messages)
    items = read_items(body, skipped=leading)
    dropped = list(dict.fromkeys(items.dropped))
    request: JsonObject = {
        "model": model,
        "input": items.items,
        # A chat is not kept unless the client says so; a response would be.
        "store": body.get("store") is True,
        **{name: body[name] for name in UNCHANGED if body.get(name) not in (None, [], {})},
        **tool_fields(body, dropped),
        **_limit(body, family, dropped),
        **_reasoning(body, family, dropped),
    }
    if instructions := "\n\n".join(_words(message) for message in messages[:leading]):
        request["instructions"] = instructions
    if include := _include(body, is_reasoning=is_reasoning):
        request["include"] = include
    if text := _text_options(body):
        request["text"] = text
    return Payload(request, dropped_parameters(body, KNOWN) + tuple(dropped))


def _count_leading_system(messages: list[JsonObject]) -> int:
    """How many messages stand before the conversation; 0 if they are all there is."""
    roles = [message["role"] for message in messages]
    return next((n for n, role in enumerate(roles) if role not in SYSTEM_ROLES), 0)


def _words(message: JsonObject) -> str:
    texts = (part.get("text") for part in parts_of(message))
    return "\n".join(text for text in texts if isinstance(text, str))


def _limit(body: JsonObject, family: Family, dropped: list[str]) -> JsonObject:
    limit, name = output_limit(body), limit_name(body)
    if limit is None:
        dropped += [name] if body.get(name) is not None else []
        return {}
    if limit < family.min_response_tokens:
        dropped.append(name)
    return {"max_output_tokens": max(limit, family.min_response_tokens)}


def _reasoning(body: JsonObject, family: Family, dropped: list[str]) -> JsonObject:
    """``reasoning`` from the field of chats, and from the one that OpenRouter's clients know."""
    given: Any = body.get("reasoning")
    told: JsonObject = given if isinstance(given, dict) else {}
    reasoning = {name: told[name] for name in ("effort", "summary") if told.get(name) is not None}
    if (effort := body.get("reasoning_effort")) is not None:
        reasoning["effort"] = effort
    wanted = reasoning.get("effort")
    if family.is_reasoning and wanted is not None and wanted not in family.efforts:
        dropped.append("reasoning_effort")
        reasoning["effort"] = family.nearest_effort(wanted)
    reasoning = {name: value for name, value in reasoning.items() if value is not None}
    return {"reasoning": reasoning} if reasoning else {}


def _include(body: JsonObject, *, is_reasoning: bool) -> list[str]:
    given = body.get("include")
    include = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    if body.get("logprobs") is True:
        include.append(LOGPROBS)
    if is_reasoning and body.get("store") is not True:
        include.append(SEALED_REASONING)
    return list(dict.fromkeys(include))


def _text_options(body: JsonObject) -> JsonObject:
    options: JsonObject = {}
    if body.get("verbosity") is not None:
        options["verbosity"] = body["verbosity"]
    if (schema := json_schema_of(body)) is not None:
        options["format"] = schema | {"type": "json_schema"}
    elif body.get("response_format"):
        options["format"] = body["response_format"]
    return options
