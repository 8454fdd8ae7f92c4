"""The items of a response, written from what a chat said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from wire_formats.chat.calls import INPUT
from wire_formats.chat.reasoning import Thought
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_numbers import read_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.request_to_chat.client_tools import CLIENT_TOOLS
from wire_formats.responses.request_to_chat.tools import CUSTOM, FUNCTION, Tool, function_name
from wire_formats.responses.sealed import UNKNOWN, Origin, sealed

DONE, BEGUN, CUT = "completed", "in_progress", "incomplete"
OWN = "gw"  # tells ids of the gateway's making from those of upstreams
# How the ids of items begin, by their type; the API knows an item's type by it.
PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "custom_tool_call": "ctc",
    "local_shell_call": "lsh",
    "shell_call": "sh",
    "apply_patch_call": "apc",
    "tool_search_call": "tsc",
}


def item_id(kind: str, request_id: str, index: int) -> str:
    """The id of the item of the type ``kind`` at ``index`` in the answer to a request."""
    return f"{PREFIXES[kind]}_{OWN}_{request_id.removeprefix('req_')}_{index}"


def reasoning_item(
    id_: str,
    thoughts: Iterable[Thought],
    *,
    text: str = "",
    is_summary: bool = False,
    signatures: dict[str, str] | None = None,
    origin: Origin = UNKNOWN,
) -> JsonObject:
    """Reasoning that shows ``text``, and keeps all of ``thoughts`` for its provider."""
    item: JsonObject = {"id": id_, "type": "reasoning", "summary": []}
    if text and is_summary:
        item["summary"] = [{"type": "summary_text", "text": text}]
    elif text:
        item["content"] = [{"type": "reasoning_text", "text": text}]
    return item | {"encrypted_content": sealed(thoughts, signatures, origin), "status": DONE}


def message_item(id_: str, content: list[JsonObject]) -> JsonObject:
    return {
        "id": id_,
        "type": "message",
        "role": "assistant",
        "status": DONE,
        "content": content,
    }


def text_part(text: str, annotations: Any = None, logprobs: Any = None) -> JsonObject:
    """``annotations`` and ``logprobs`` are a chat's."""
    return {
        "type": "output_text",
        "text": text,
        "annotations": list(flat_annotations(annotations)),
        "logprobs": list(flat_logprobs(logprobs)),
    }


def refusal_part(text: str) -> JsonObject:
    return {"type": "refusal", "refusal": text}


def call_item(id_: str, tool: Tool, call_id: str, arguments: str) -> JsonObject:
    """A call as the kind of item that its tool's client waits for."""
    base = {"id": id_, "type": call_type(tool), "status": DONE, "call_id": call_id}
    named = {"name": tool.name} | ({"namespace": tool.namespace} if tool.namespace else {})
    if tool.kind == FUNCTION:
        return base | named | {"arguments": arguments}
    parsed = _object(arguments)
    if tool.kind == CUSTOM:
        return base | named | {"input": _input(parsed, arguments)}
    fields = CLIENT_TOOLS[tool.kind].fields(parsed) if parsed is not None else None
    if fields is not None:
        return base | fields
    # Not what such an item can hold; as a function's call its client can at least refuse it.
    return base | {
        "id": id_.replace(PREFIXES[base["type"]], PREFIXES["function_call"], 1),
        "type": "function_call",
        "name": function_name(tool),
        "arguments": arguments,
    }


def with_status(item: JsonObject, status: str) -> JsonObject:
    """``item`` with the ``status``, unless its type cannot have it."""
    if status == CUT and item["type"] == "apply_patch_call":
        return item
    return item | {"status": status}


def call_type(tool: Tool) -> str:
    """The type of the items that call ``tool``."""
    match tool.kind:
        case "function":
            return "function_call"
        case "custom":
            return "custom_tool_call"
        case kind:
            return CLIENT_TOOLS[kind].call


def flat_annotations(annotations: Any) -> Iterator[JsonObject]:
    """A chat's citations of pages, which are nested, as Responses have them."""
    for each in annotations if isinstance(annotations, list) else ():
        match each:
            case {"type": "url_citation", "url_citation": {"url": str(url)} as cited}:
                places = {
                    name: cited[name] if isinstance(cited.get(name), int) else 0
                    for name in ("start_index", "end_index")
                }
                title = cited.get("title")
                title = title if isinstance(title, str) else ""
                yield {"type": "url_citation", "url": url, "title": title} | places


def flat_logprobs(logprobs: Any) -> Iterator[JsonObject]:
    """The ``logprobs`` of a chat's choice, of its content."""
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    for each in content if isinstance(content, list) else ():
        match each:
            case {"token": str(), "logprob": int() | float()}:
                others = each.get("top_logprobs")
                others = others if isinstance(others, list) else []
                tops = [_logprob(other) for other in others if isinstance(other, dict)]
                yield _logprob(each) | {"top_logprobs": tops}


def _logprob(told: JsonObject) -> JsonObject:
    return {
        "token": told.get("token"),
        "bytes": told.get("bytes") or [],
        "logprob": told.get("logprob"),
    }


def _object(text: str) -> JsonObject | None:
    try:
        value: Any = read_json((text or "{}").encode())
    except (orjson.JSONDecodeError, UnreadableAnswerError):
        return None
    return value if isinstance(value, dict) else None


def _input(parsed: JsonObject | None, arguments: str) -> str:
    """The text for a custom tool; all of it where the model wrote it without its JSON."""
    text = parsed.get(INPUT) if parsed is not None else None
    return text if isinstance(text, str) else arguments
