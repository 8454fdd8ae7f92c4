"""A chat request in the form of OpenAI's Responses API.

The request is typed as OpenAI's SDK types it, except for what is copied from the client: options,
tools, images and files may have fields that are newer than the SDK.

https://platform.openai.com/docs/guides/migrate-to-responses
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.chat.reading import (
    SYSTEM_ROLES,
    chosen_function,
    dropped_fields,
    function_calls_of,
    functions_offered,
    json_schema_of,
    messages_of,
    output_limit,
    parts_of,
    text_of,
)
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload, dropped_parameters

if TYPE_CHECKING:
    from openai.types.responses import EasyInputMessageParam, ResponseFunctionToolCallParam
    from openai.types.responses.response_create_params import ResponseCreateParamsBase
    from openai.types.responses.response_input_item_param import FunctionCallOutput

    Item = EasyInputMessageParam | ResponseFunctionToolCallParam | FunctionCallOutput

UNCHANGED = (
    "metadata",
    "parallel_tool_calls",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "stream",
    "temperature",
    "top_p",
    "user",
)
KNOWN = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "reasoning_effort",
        "response_format",
        "store",
        "stream_options",
        "tool_choice",
        "tools",
        "verbosity",
        *UNCHANGED,
    }
)


def responses_request(body: JsonObject, *, model: str) -> Payload:
    """The request of ``/responses`` for a chat's ``body``. Raises :class:`UnsendableError`."""
    messages = list(messages_of(body))
    leading = _count_leading_system(messages)
    copied = {name: body[name] for name in UNCHANGED if body.get(name) is not None}
    request: ResponseCreateParamsBase = {
        "model": model,
        "input": [item for message in messages[leading:] for item in _items(message)],
        # By default a chat is not stored and a response is.
        "store": body.get("store") is True,
    }
    if instructions := "\n\n".join(text_of(message) for message in messages[:leading]):
        request["instructions"] = instructions
    if (limit := output_limit(body)) is not None:
        request["max_output_tokens"] = limit
    if (effort := body.get("reasoning_effort")) is not None:
        request["reasoning"] = {"effort": effort}
    copied |= _tools(body) | _text_options(body)
    return Payload({**request, **copied}, dropped_parameters(body, KNOWN) + dropped_fields(body))


def _count_leading_system(messages: list[JsonObject]) -> int:
    """How many messages stand before the conversation."""
    roles = [message["role"] for message in messages]
    return next((n for n, role in enumerate(roles) if role not in SYSTEM_ROLES), len(roles))


def _items(message: JsonObject) -> Iterator[Item]:
    match message["role"]:
        case "assistant":
            if text := text_of(message):
                # The SDK knows such a text only with annotations, which the API does not ask for.
                content: list[Any] = [{"type": "output_text", "text": text}]
                yield {"type": "message", "role": "assistant", "content": content}
            for call in function_calls_of(message):
                yield {
                    "type": "function_call",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": call.arguments,
                }
        case "tool":
            yield {
                "type": "function_call_output",
                "call_id": message.get("tool_call_id"),
                "output": text_of(message),
            }
        case "user" | "system" | "developer" as role:
            content = [_part(part) for part in parts_of(message)]
            yield {"type": "message", "role": role, "content": content}
        case role:
            raise UnsendableError(f"The upstream accepts no messages of the role `{role[:50]}`.")


def _part(part: JsonObject) -> JsonObject:
    match part:
        case {"type": "text", "text": str(text)}:
            return {"type": "input_text", "text": text}
        case {"type": "image_url", "image_url": {"url": str(url)} as image}:
            detail = {"detail": image["detail"]} if "detail" in image else {}
            return {"type": "input_image", "image_url": url, **detail}
        case {"type": "file", "file": dict(file)}:
            return {"type": "input_file", **file}
        case _:
            kind = str(part.get("type"))[:50]
            raise UnsendableError(f"The upstream accepts no parts of the type `{kind}`.")


def _tools(body: JsonObject) -> JsonObject:
    # By default `strict` is false in a chat and true in a response.
    tools = [{"type": "function", "strict": False} | each for each in functions_offered(body)]
    if not tools:
        return {}
    choice: Any = body.get("tool_choice")
    if name := chosen_function(body):
        choice = {"type": "function", "name": name}
    return {"tools": tools} if choice is None else {"tools": tools, "tool_choice": choice}


def _text_options(body: JsonObject) -> JsonObject:
    options: JsonObject = {}
    if body.get("verbosity") is not None:
        options["verbosity"] = body["verbosity"]
    if (schema := json_schema_of(body)) is not None:
        options["format"] = {"type": "json_schema"} | schema
    elif body.get("response_format") is not None:
        options["format"] = body["response_format"]
    return {"text": options} if options else {}
