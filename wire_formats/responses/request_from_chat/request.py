"""A chat request in the form of OpenAI's Responses API.

The request has the types of OpenAI's SDK, except for what is copied from the client: options may be
newer than the SDK.

https://platform.openai.com/docs/guides/migrate-to-responses
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

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
from wire_formats.responses.request_from_chat.items import read_items, unsaid
from wire_formats.responses.request_from_chat.tools import ToolFields, tool_fields
from wire_formats.unread import ByType, all_of, unread

if TYPE_CHECKING:
    from openai.types.responses import (
        ResponseFormatTextConfigParam,
        ResponseIncludable,
        ResponseTextConfigParam,
    )
    from openai.types.responses.response_create_params import ResponseCreateParamsBase
    from openai.types.shared_params import Reasoning

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
SEALED_REASONING: Final = "reasoning.encrypted_content"
LOGPROBS: Final = "message.output_text.logprobs"
SCHEMAS = ByType({"json_schema": all_of("type", "json_schema")})
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
    dropped = list(dict.fromkeys([*unsaid(messages[:leading]), *items.dropped]))
    request: ResponseCreateParamsBase = {
        "model": model,
        "input": items.items,
        # A chat is not kept unless the client says so; a response would be.
        "store": body.get("store") is True,
    }
    _add_tools(request, tool_fields(body, dropped))
    if (limit := _limit(body, family, dropped)) is not None:
        request["max_output_tokens"] = limit
    if reasoning := _reasoning(body, family, dropped):
        request["reasoning"] = reasoning
    if instructions := "\n\n".join(_words(message) for message in messages[:leading]):
        request["instructions"] = instructions
    if include := _include(body, is_reasoning=is_reasoning):
        request["include"] = include
    dropped += unread(body.get("response_format"), SCHEMAS, "response_format")
    if text := _text_options(body):
        request["text"] = text
    copied = {name: body[name] for name in UNCHANGED if body.get(name) not in (None, [], {})}
    lost = dict.fromkeys((*dropped_parameters(body, KNOWN), *dropped))
    return Payload({**request, **copied}, tuple(lost))


def _add_tools(request: ResponseCreateParamsBase, fields: ToolFields) -> None:
    if "tools" in fields:
        request["tools"] = fields["tools"]
    if "tool_choice" in fields:
        request["tool_choice"] = fields["tool_choice"]


def _count_leading_system(messages: list[JsonObject]) -> int:
    """How many messages stand before the conversation; 0 if they are all there is."""
    roles = [message["role"] for message in messages]
    return next((n for n, role in enumerate(roles) if role not in SYSTEM_ROLES), 0)


def _words(message: JsonObject) -> str:
    texts = (part.get("text") for part in parts_of(message))
    return "\n".join(text for text in texts if isinstance(text, str))


def _limit(body: JsonObject, family: Family, dropped: list[str]) -> int | None:
    limit, name = output_limit(body), limit_name(body)
    if limit is None:
        dropped += [name] if body.get(name) is not None else []
        return None
    if limit < family.min_response_tokens:
        dropped.append(name)
    return max(limit, family.min_response_tokens)


def _reasoning(body: JsonObject, family: Family, dropped: list[str]) -> Reasoning:
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
    kept = {name: value for name, value in reasoning.items() if value is not None}
    return cast("Reasoning", kept)


def _include(body: JsonObject, *, is_reasoning: bool) -> list[ResponseIncludable]:
    given: Any = body.get("include")
    strings = [each for each in given if isinstance(each, str)] if isinstance(given, list) else []
    include = cast("list[ResponseIncludable]", strings)
    if body.get("logprobs") is True:
        include.append(LOGPROBS)
    if is_reasoning and body.get("store") is not True:
        include.append(SEALED_REASONING)
    return list(dict.fromkeys(include))


def _text_options(body: JsonObject) -> ResponseTextConfigParam:
    options: ResponseTextConfigParam = {}
    if body.get("verbosity") is not None:
        options["verbosity"] = body["verbosity"]
    if (schema := json_schema_of(body)) is not None:
        options["format"] = cast("ResponseFormatTextConfigParam", schema | {"type": "json_schema"})
    elif body.get("response_format"):
        options["format"] = body["response_format"]
    return options
