"""From a request of the Messages API to one for chat completions.

A field that a chat cannot hold is refused, by its place, if leaving it out would change
the request. A field that only tunes the response is left out, and named to the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.messages.content_to_chat import chat_messages, system_messages

SAME = ("model", "max_tokens", "temperature", "top_p", "stream")
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
TOOL_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def chat_body(body: JsonObject) -> JsonObject:
    """``body`` as a chat. Raises ``UnsendableError`` for a field that no chat can hold."""
    chat: JsonObject = {name: body[name] for name in SAME if name in body}
    chat["messages"] = [*system_messages(body.get("system")), *chat_messages(body["messages"])]
    for name, translate in TRANSLATED.items():
        if body.get(name) is not None:
            chat |= translate(body[name])
    if chat.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    if unknown := body.keys() - TRANSLATED.keys() - set(SAME + TUNING) - {"system", "messages"}:
        name = min(unknown)
        raise UnsendableError(f"The upstream does not support `{name}`.", param=name)
    return chat


def left_out(body: JsonObject) -> tuple[str, ...]:
    """The fields of ``body`` that its chat does without."""
    names = [name for name in TUNING if body.get(name) is not None]
    match body.get("output_config"):
        case {"effort": str()}:
            names.append("output_config.effort")
    return tuple(names)


def _stop(sequences: Any) -> JsonObject:
    return {"stop": sequences} if sequences else {}


def _user(metadata: Any) -> JsonObject:
    user = metadata.get("user_id") if isinstance(metadata, dict) else None
    return {"user": user} if isinstance(user, str) else {}


def _tools(tools: Any) -> JsonObject:
    if not isinstance(tools, list):
        raise UnsendableError("`tools` must be an array.", param="tools")
    return {"tools": list(_functions(tools))} if tools else {}


def _functions(tools: list[Any]) -> Iterator[JsonObject]:
    for place, tool in enumerate(tools):
        match tool:
            case {"name": str(name), "input_schema": dict(schema)}:
                function: JsonObject = {"name": name, "parameters": schema}
                function |= {key: tool[key] for key in ("description", "strict") if key in tool}
                yield {"type": "function", "function": function}
            case {"type": str(kind)}:
                raise UnsendableError(
                    f"The upstream does not support the tool `{kind}`.", param=f"tools.{place}"
                )
            case _:
                raise UnsendableError(
                    "A tool needs a `name` and an `input_schema`.", param=f"tools.{place}"
                )


def _tool_choice(choice: Any) -> JsonObject:
    match choice:
        case {"type": "tool", "name": str(name)}:
            chat: JsonObject = {"tool_choice": {"type": "function", "function": {"name": name}}}
        case {"type": "auto" | "any" | "none" as kind}:
            chat = {"tool_choice": TOOL_CHOICES[kind]}
        case _:
            raise UnsendableError(
                "The upstream does not support this `tool_choice`.", param="tool_choice"
            )
    if choice.get("disable_parallel_tool_use") is True:
        chat["parallel_tool_calls"] = False
    return chat


def _output(config: Any) -> JsonObject:
    match config:
        case {"format": {"type": "json_schema", "schema": dict(schema)}}:
            wrapped = {"name": "answer", "schema": schema, "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wrapped}}
        case {"format": dict()}:
            raise UnsendableError(
                "`output_config.format` must be of the type json_schema.", param="output_config"
            )
        case _:
            return {}


TRANSLATED: dict[str, Callable[[Any], JsonObject]] = {
    "stop_sequences": _stop,
    "metadata": _user,
    "tools": _tools,
    "tool_choice": _tool_choice,
    "output_config": _output,
}
