"""A Responses body that was posted as a chat, which is how Cursor asks OpenAI's newer models.

Its client reads the response as a chat's, so the body becomes a chat before anything else is done
with it. Custom tools stay custom tools, which OpenAI's chats have, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.calls import INPUT
from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload
from wire_formats.responses.request_to_chat.options import HANDLED, SAME, TRANSLATED, is_told
from wire_formats.responses.request_to_chat.request import chat_request, items_of
from wire_formats.responses.request_to_chat.tools import CUSTOM

# Fields of the Responses API that are not translated: named to the client, or refused.
RESPONSES_ALONE = (
    "background",
    "client_metadata",
    "context_management",
    "max_tool_calls",
    "prompt",
    "truncation",
)
KEPT_ELSEWHERE = ("conversation", "previous_response_id")
KNOWN = frozenset({*HANDLED, *SAME, *TRANSLATED, *RESPONSES_ALONE, *KEPT_ELSEWHERE})


def has_input(body: JsonObject) -> bool:
    """Whether ``body`` is one for responses: it has ``input`` and no ``messages``."""
    return body.get("messages") is None and isinstance(body.get("input"), str | list)


def chat_with_input(body: JsonObject) -> Payload:
    """``body`` as a chat, and what it does without. Other parameters in it stay as they are.

    Raises ``UnsendableError`` for what no chat can do.
    """
    for name in KEPT_ELSEWHERE:
        if is_told(body, name):
            raise UnsendableError(
                f"A chat cannot go on from `{name}`. Send the whole conversation in `input`, or "
                "post the request to /v1/responses.",
                param=name,
            )
    request = chat_request({name: body[name] for name in body if name in KNOWN})
    others = {name: body[name] for name in body if name not in KNOWN and name != "messages"}
    chat = request.body | others
    chat.pop("stream_options", None)  # the client's own wish counts
    if body.get("stream_options") is not None:
        chat["stream_options"] = body["stream_options"]
    return Payload(_with_custom(chat, body), request.dropped)


def _with_custom(chat: JsonObject, body: JsonObject) -> JsonObject:
    """``chat`` with the custom tools of ``body``, their calls and their choice in a chat's form."""
    offered = {tool["name"]: tool for tool in _custom(body.get("tools"))}
    called = {(_call_id(item), item["name"]): _text(item) for item in _custom(items_of(body))}
    if not offered and not called:
        return chat
    made = dict(chat)
    if "tools" in chat:
        made["tools"] = [_tool(each, offered) for each in chat["tools"]]
    match chat.get("tool_choice"):
        case {"function": {"name": name}} if name in offered:
            made["tool_choice"] = {"type": CUSTOM, CUSTOM: {"name": name}}
    made["messages"] = [
        message | {"tool_calls": [_call(each, called) for each in message["tool_calls"]]}
        if "tool_calls" in message
        else message
        for message in chat["messages"]
    ]
    return made


def _custom(entries: Any) -> Iterator[JsonObject]:
    """The custom tools, or the calls of such, that are in no namespace."""
    for entry in entries or ():
        match entry:
            case {"namespace": str(namespace)} if namespace:
                pass
            case {"type": "custom" | "custom_tool_call", "name": str()}:
                yield entry


def _tool(function: JsonObject, offered: dict[str, JsonObject]) -> JsonObject:
    name = function["function"]["name"]
    if name not in offered:
        return function
    tool = offered[name]
    custom: JsonObject = {"name": name}
    if tool.get("description"):
        custom["description"] = tool["description"]
    match tool.get("format"):
        case {"type": "grammar", **grammar}:
            custom["format"] = {"type": "grammar", "grammar": grammar}
        case dict(plain):
            custom["format"] = plain
    return {"type": CUSTOM, CUSTOM: custom}


def _call(call: JsonObject, called: dict[tuple[str, str], str]) -> JsonObject:
    name = call["function"]["name"]
    text = called.get((call["id"], name))
    if text is None:
        return call
    rest = {field: value for field, value in call.items() if field != "function"}
    return rest | {"type": CUSTOM, CUSTOM: {"name": name, INPUT: text}}


def _call_id(item: JsonObject) -> str:
    found = item.get("call_id") or item.get("id")
    return found if isinstance(found, str) else ""


def _text(item: JsonObject) -> str:
    given = item.get(INPUT)
    return given if isinstance(given, str) else write_json(given or "").decode()
