"""A chat request in the form of Anthropic's Messages API.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.reading import (
    SYSTEM_ROLES,
    Image,
    chosen_function,
    dropped_fields,
    function_calls_of,
    functions_offered,
    json_schema_of,
    messages_of,
    output_limit,
    parts_of,
    stop_sequences,
    text_of,
)
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.messages.thinking import thinking_for
from wire_formats.payload import Payload, dropped_parameters

# Anthropic insists on a limit, which OpenAI's clients need not give.
DEFAULT_MAX_TOKENS = 4096
HIGHEST_TEMPERATURE = 1
UNCHANGED = ("top_p", "top_k", "stream", "thinking", "stop_sequences")
KNOWN = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "stop",
        "user",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "stream_options",
        *UNCHANGED,
    }
)
TOOL_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


def messages_request(body: JsonObject, *, model: str) -> Payload:
    """Anthropic's request for a chat's ``body``. Raises :class:`UnsendableError`."""
    request = {
        "model": model,
        "max_tokens": output_limit(body) or DEFAULT_MAX_TOKENS,
        **_system(body),
        "messages": _merged(_turns(body)),
        **{name: body[name] for name in UNCHANGED if body.get(name) is not None},
        **_sampling(body),
        **_tools(body),
    }
    handled = set(KNOWN)
    if (schema := json_schema_of(body)) is not None:
        request["output_config"] = {
            "format": {"type": "json_schema", "schema": schema.get("schema") or {}}
        }
        handled.add("response_format")
    if thinking := thinking_for(body, request):
        request |= thinking
        handled.add("reasoning_effort")
        if request.pop("temperature", None) is not None:
            handled.discard("temperature")
    return Payload(request, dropped_parameters(body, handled) + dropped_fields(body))


def _system(body: JsonObject) -> JsonObject:
    blocks = [
        _text_block(part)
        for message in messages_of(body)
        if message["role"] in SYSTEM_ROLES
        for part in parts_of(message)
    ]
    return {"system": blocks} if blocks else {}


def _turns(body: JsonObject) -> Iterator[tuple[str, list[JsonObject]]]:
    """The conversation as roles and blocks; results of tools are the user's words."""
    for message in messages_of(body):
        match message["role"]:
            case "user":
                yield "user", [_block(part) for part in parts_of(message)]
            case "assistant":
                yield "assistant", list(_assistant_blocks(message))
            case "tool":
                yield "user", [_tool_result(message)]
            case role if role not in SYSTEM_ROLES:
                raise UnsendableError(
                    f"The upstream accepts no messages of the role `{role[:50]}`."
                )


def _merged(turns: Iterator[tuple[str, list[JsonObject]]]) -> list[JsonObject]:
    """Neighbours of one role in one message: results of tools must stand together."""
    messages: list[JsonObject] = []
    for role, blocks in turns:
        if not blocks:
            continue
        if messages and messages[-1]["role"] == role:
            messages[-1]["content"] += blocks
        else:
            messages.append({"role": role, "content": blocks})
    return messages


def _assistant_blocks(message: JsonObject) -> Iterator[JsonObject]:
    for part in parts_of(message):
        yield _text_block(part)
    for call in function_calls_of(message):
        yield {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": call.parsed_arguments(),
        }


def _tool_result(message: JsonObject) -> JsonObject:
    return {
        "type": "tool_result",
        "tool_use_id": message.get("tool_call_id"),
        "content": [_block(part) for part in parts_of(message)],
    }


def _block(part: JsonObject) -> JsonObject:
    match part.get("type"):
        case "text":
            return _text_block(part)
        case "image_url":
            return _with_cache_control({"type": "image", "source": _source(Image.of(part))}, part)
        case other:
            raise UnsendableError(f"The upstream accepts no parts of the type `{str(other)[:50]}`.")


def _text_block(part: JsonObject) -> JsonObject:
    text = text_of({"content": [part]})
    return _with_cache_control({"type": "text", "text": text}, part)


def _with_cache_control(block: JsonObject, part: JsonObject) -> JsonObject:
    """``block`` with the mark that clients who know Anthropic put on what is to be cached."""
    mark = part.get("cache_control")
    return block if mark is None else block | {"cache_control": mark}


def _source(image: Image) -> JsonObject:
    if image.url:
        return {"type": "url", "url": image.url}
    return {"type": "base64", "media_type": image.media_type, "data": image.base64}


def _sampling(body: JsonObject) -> JsonObject:
    request: JsonObject = {}
    temperature: Any = body.get("temperature")
    if isinstance(temperature, int | float):
        request["temperature"] = min(temperature, HIGHEST_TEMPERATURE)
    if stop := stop_sequences(body):
        request["stop_sequences"] = stop
    if body.get("user"):
        request["metadata"] = {"user_id": body["user"]}
    return request


def _tools(body: JsonObject) -> JsonObject:
    tools = [_tool(function) for function in functions_offered(body)]
    if not tools:
        return {}
    choice = _tool_choice(body)
    return {"tools": tools, "tool_choice": choice} if choice else {"tools": tools}


def _tool(function: JsonObject) -> JsonObject:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    kept = {name: function[name] for name in ("description", "strict") if function.get(name)}
    return {"name": function["name"], **kept, "input_schema": schema}


def _tool_choice(body: JsonObject) -> JsonObject:
    """Empty where Anthropic's default says the same."""
    choice: Any = body.get("tool_choice")
    is_serial = body.get("parallel_tool_calls") is False
    if name := chosen_function(body):
        chosen = {"type": "tool", "name": name}
    elif isinstance(choice, str) and choice in TOOL_CHOICES:
        chosen = {"type": TOOL_CHOICES[choice]}
    elif choice is not None:
        raise UnsendableError("The upstream does not accept this `tool_choice`.")
    elif is_serial:
        chosen = {"type": "auto"}
    else:
        return {}
    if is_serial and chosen["type"] != "none":
        return chosen | {"disable_parallel_tool_use": True}
    return chosen
