"""A chat request in the form of Anthropic's Messages API.

The request is typed as Anthropic's SDK types it, except for what is copied from the client: that
is not checked here, and the SDK no longer knows the sampling parameters that older models take.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

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

if TYPE_CHECKING:
    from anthropic.types import (
        Base64ImageSourceParam,
        ImageBlockParam,
        MessageParam,
        TextBlockParam,
        ToolChoiceParam,
        ToolParam,
        ToolResultBlockParam,
        ToolUseBlockParam,
        URLImageSourceParam,
    )
    from anthropic.types.message_create_params import MessageCreateParamsBase

    Block = TextBlockParam | ImageBlockParam | ToolResultBlockParam | ToolUseBlockParam
    Turn = tuple[Literal["user", "assistant"], Sequence[Block]]

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


def messages_request(body: JsonObject, *, model: str) -> Payload:
    """Anthropic's request for a chat's ``body``. Raises :class:`UnsendableError`."""
    copied = {name: body[name] for name in UNCHANGED if body.get(name) is not None}
    copied |= _temperature(body)
    system = _system(body)
    request: MessageCreateParamsBase = {
        "model": model,
        "max_tokens": output_limit(body) or DEFAULT_MAX_TOKENS,
        "messages": list(_merged(_turns(body))),
    }
    if system:
        request["system"] = system
    _add_options(request, body)
    handled = set(KNOWN)
    if (schema := json_schema_of(body)) is not None:
        request["output_config"] = {
            "format": {"type": "json_schema", "schema": schema.get("schema") or {}}
        }
        handled.add("response_format")
    if thinking := thinking_for(body, request):
        request["max_tokens"], request["thinking"] = thinking
        handled.add("reasoning_effort")
        if copied.pop("temperature", None) is not None:
            handled.discard("temperature")
    return Payload({**copied, **request}, dropped_parameters(body, handled) + dropped_fields(body))


def _add_options(request: MessageCreateParamsBase, body: JsonObject) -> None:
    if stop := stop_sequences(body):
        request["stop_sequences"] = stop
    if user := body.get("user"):
        request["metadata"] = {"user_id": user}
    if tools := [_tool(function) for function in functions_offered(body)]:
        request["tools"] = tools
        if choice := _tool_choice(body):
            request["tool_choice"] = choice


def _system(body: JsonObject) -> list[TextBlockParam]:
    return [
        _text_block(part)
        for message in messages_of(body)
        if message["role"] in SYSTEM_ROLES
        for part in parts_of(message)
    ]


def _turns(body: JsonObject) -> Iterator[Turn]:
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


def _merged(turns: Iterator[Turn]) -> Iterator[MessageParam]:
    """Neighbours of one role in one message: results of tools must stand together."""
    with_content = ((role, blocks) for role, blocks in turns if blocks)
    for role, neighbours in groupby(with_content, key=lambda turn: turn[0]):
        content = [block for _, blocks in neighbours for block in blocks]
        if role == "user":
            yield {"role": "user", "content": content}
        else:
            yield {"role": "assistant", "content": content}


def _assistant_blocks(message: JsonObject) -> Iterator[TextBlockParam | ToolUseBlockParam]:
    for part in parts_of(message):
        yield _text_block(part)
    for call in function_calls_of(message):
        yield {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": call.parsed_arguments(),
        }


def _tool_result(message: JsonObject) -> ToolResultBlockParam:
    call_id: Any = message.get("tool_call_id")
    return {
        "type": "tool_result",
        "tool_use_id": call_id,
        "content": [_block(part) for part in parts_of(message)],
    }


def _block(part: JsonObject) -> TextBlockParam | ImageBlockParam:
    match part.get("type"):
        case "text":
            return _text_block(part)
        case "image_url":
            block: ImageBlockParam = {"type": "image", "source": _source(Image.of(part))}
            _copy_cache_control(part, block)
            return block
        case other:
            raise UnsendableError(f"The upstream accepts no parts of the type `{str(other)[:50]}`.")


def _text_block(part: JsonObject) -> TextBlockParam:
    block: TextBlockParam = {"type": "text", "text": text_of({"content": [part]})}
    _copy_cache_control(part, block)
    return block


def _copy_cache_control(part: JsonObject, block: TextBlockParam | ImageBlockParam) -> None:
    """The mark that clients who know Anthropic put on what is to be cached goes to ``block``."""
    if (mark := part.get("cache_control")) is not None:
        block["cache_control"] = mark


def _source(image: Image) -> URLImageSourceParam | Base64ImageSourceParam:
    if image.url:
        return {"type": "url", "url": image.url}
    media_type: Any = image.media_type  # Anthropic says itself which ones it takes
    return {"type": "base64", "media_type": media_type, "data": image.base64}


def _temperature(body: JsonObject) -> JsonObject:
    temperature: Any = body.get("temperature")
    if not isinstance(temperature, int | float):
        return {}
    return {"temperature": min(temperature, HIGHEST_TEMPERATURE)}


def _tool(function: JsonObject) -> ToolParam:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    tool: ToolParam = {"name": function["name"], "input_schema": schema}
    if description := function.get("description"):
        tool["description"] = description
    if strict := function.get("strict"):
        tool["strict"] = strict
    return tool


def _tool_choice(body: JsonObject) -> ToolChoiceParam | None:
    """None where Anthropic's default says the same."""
    choice = _plain_tool_choice(body)
    if body.get("parallel_tool_calls") is not False:
        return choice
    if choice is None:
        return {"type": "auto", "disable_parallel_tool_use": True}
    if choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return choice


def _plain_tool_choice(body: JsonObject) -> ToolChoiceParam | None:
    if name := chosen_function(body):
        return {"type": "tool", "name": name}
    match body.get("tool_choice"):
        case None:
            return None
        case "auto":
            return {"type": "auto"}
        case "none":
            return {"type": "none"}
        case "required":
            return {"type": "any"}
        case _:
            raise UnsendableError("The upstream does not accept this `tool_choice`.")
