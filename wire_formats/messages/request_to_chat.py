"""From a request of the Messages API to one for chat completions.

A field that a chat cannot hold is refused, by its place, if leaving it out would change
the request. A field that only tunes the response is left out, and named to the client.
What is copied from the client is not checked here, and so has no type of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.messages.content_to_chat import chat_messages, system_messages

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionFunctionToolParam,
        ChatCompletionToolChoiceOptionParam,
    )
    from openai.types.chat.completion_create_params import (
        CompletionCreateParamsBase,
        ResponseFormat,
    )
    from openai.types.shared_params import FunctionDefinition

SAME = ("max_tokens", "temperature", "top_p", "stream")
TRANSLATED = (
    "model",
    "system",
    "messages",
    "stop_sequences",
    "metadata",
    "tools",
    "tool_choice",
    "output_config",
)
# Hints whose absence changes how the answer is made, not what was asked for.
TUNING = (
    "top_k",
    "thinking",
    "service_tier",
    "speed",
    "cache_control",
    "context_management",
    "inference_geo",
)
KNOWN = frozenset(SAME + TRANSLATED + TUNING)


def chat_body(body: JsonObject) -> JsonObject:
    """``body`` as a chat. Raises ``UnsendableError`` for a field that no chat can hold."""
    copied = {name: body[name] for name in SAME if name in body}
    chat: CompletionCreateParamsBase = {
        "model": body["model"],
        "messages": [*system_messages(body.get("system")), *chat_messages(body["messages"])],
    }
    if stop := body.get("stop_sequences"):
        chat["stop"] = stop
    match body.get("metadata"):
        case {"user_id": str(user)}:
            chat["user"] = user
    _add_tools(chat, body)
    if response_format := _response_format(body.get("output_config")):
        chat["response_format"] = response_format
    if copied.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    if unknown := body.keys() - KNOWN:
        name = min(unknown)
        raise UnsendableError(f"The upstream does not support `{name}`.", param=name)
    return {**chat, **copied}


def left_out(body: JsonObject) -> tuple[str, ...]:
    """The fields of ``body`` that its chat does without."""
    names = [name for name in TUNING if body.get(name) is not None]
    match body.get("output_config"):
        case {"effort": str()}:
            names.append("output_config.effort")
    return tuple(names)


def _add_tools(chat: CompletionCreateParamsBase, body: JsonObject) -> None:
    tools: Any = body.get("tools")
    if tools is not None and not isinstance(tools, list):
        raise UnsendableError("`tools` must be an array.", param="tools")
    if tools:
        chat["tools"] = list(_functions(tools))
    if (choice := body.get("tool_choice")) is not None:
        chat["tool_choice"] = _tool_choice(choice)
        if choice.get("disable_parallel_tool_use") is True:
            chat["parallel_tool_calls"] = False


def _functions(tools: list[Any]) -> Iterator[ChatCompletionFunctionToolParam]:
    for place, tool in enumerate(tools):
        match tool:
            case {"name": str(name), "input_schema": dict(schema)}:
                function: FunctionDefinition = {"name": name, "parameters": schema}
                if "description" in tool:
                    function["description"] = tool["description"]
                if "strict" in tool:
                    function["strict"] = tool["strict"]
                yield {"type": "function", "function": function}
            case {"type": str(kind)}:
                raise UnsendableError(
                    f"The upstream does not support the tool `{kind}`.", param=f"tools.{place}"
                )
            case _:
                raise UnsendableError(
                    "A tool needs a `name` and an `input_schema`.", param=f"tools.{place}"
                )


def _tool_choice(choice: Any) -> ChatCompletionToolChoiceOptionParam:
    match choice:
        case {"type": "tool", "name": str(name)}:
            return {"type": "function", "function": {"name": name}}
        case {"type": "auto"}:
            return "auto"
        case {"type": "any"}:
            return "required"
        case {"type": "none"}:
            return "none"
        case _:
            raise UnsendableError(
                "The upstream does not support this `tool_choice`.", param="tool_choice"
            )


def _response_format(config: Any) -> ResponseFormat | None:
    match config:
        case {"format": {"type": "json_schema", "schema": dict(schema)}}:
            return {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": schema, "strict": True},
            }
        case {"format": dict()}:
            raise UnsendableError(
                "`output_config.format` must be of the type json_schema.", param="output_config"
            )
        case _:
            return None
