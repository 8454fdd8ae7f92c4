"""A Responses body that was posted as a chat, which is how Cursor asks OpenAI's newer models.

Its client reads the response as a chat's, so the body becomes a chat before anything else is done
with it. Custom tools stay custom tools, which OpenAI's chats have, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from wire_formats.chat.calls import INPUT
from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject
from wire_formats.payload import Payload
from wire_formats.responses.request_to_chat.items import call_id_of
from wire_formats.responses.request_to_chat.options import HANDLED, SAME, TRANSLATED, is_told
from wire_formats.responses.request_to_chat.request import chat_request, items_of

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionNamedToolChoiceCustomParam
    from openai.types.chat.chat_completion_custom_tool_param import Custom, CustomFormat

    from wire_formats.chat.request_types import CustomCall, FunctionCall, FunctionTool, Tool

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
    called = {(call_id_of(item), item["name"]): _text(item) for item in _custom(items_of(body))}
    if not offered and not called:
        return chat
    made = dict(chat)
    if "tools" in chat:
        made["tools"] = [_tool(each, offered) for each in chat["tools"]]
    match chat.get("tool_choice"):
        case {"function": {"name": name}} if name in offered:
            choice: ChatCompletionNamedToolChoiceCustomParam
            choice = {"type": "custom", "custom": {"name": name}}
            made["tool_choice"] = choice
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


def _tool(function: FunctionTool, offered: dict[str, JsonObject]) -> Tool:
    name = function["function"]["name"]
    if name not in offered:
        return function
    tool = offered[name]
    custom: Custom = {"name": name}
    if tool.get("description"):
        custom["description"] = tool["description"]
    if (form := _format(tool)) is not None:
        custom["format"] = form
    return {"type": "custom", "custom": custom}


def _format(tool: JsonObject) -> CustomFormat | None:
    """A grammar in the envelope that it has in a chat; any other as the client wrote it."""
    form: Any = tool.get("format")
    if not isinstance(form, dict):
        return None
    if form.get("type") != "grammar":
        plain: CustomFormat = tool["format"]
        return plain
    grammar: Any = {name: value for name, value in form.items() if name != "type"}
    return {"type": "grammar", "grammar": grammar}


def _call(call: FunctionCall, called: dict[tuple[str, str], str]) -> FunctionCall | CustomCall:
    name = call["function"]["name"]
    text = called.get((call["id"], name))
    if text is None:
        return call
    made: CustomCall = {
        "id": call["id"],
        "type": "custom",
        "custom": {"name": name, "input": text},
    }
    if "extra_content" in call:
        made["extra_content"] = call["extra_content"]
    return made


def _text(item: JsonObject) -> str:
    given = item.get(INPUT)
    return given if isinstance(given, str) else write_json(given or "").decode()
