"""From a request of the Responses API to one for chat completions.

A field that a chat cannot hold is refused, by its place, if the request means nothing without
it. A field that only tunes the response is left out, and named to the client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import encoded_json
from wire_formats.json_types import JsonObject
from wire_formats.responses.items_to_chat import ItemReader
from wire_formats.responses.tools_to_chat import Tools, check_missing, tool_choice

SAME = (
    "model",
    "temperature",
    "top_p",
    "stream",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
    "service_tier",
    "user",
)
# Read elsewhere, told back to the client, or without a meaning of their own where a chat answers.
HANDLED = frozenset(
    {
        "include",
        "input",
        "instructions",
        "metadata",
        "reasoning",
        "store",
        "stream_options",
        "text",
        "tool_choice",
        "tools",
    }
)
# A value that asks for what happens anyway, or for nothing.
NEUTRAL: JsonObject = {"background": False, "truncation": "disabled", "service_tier": "auto"}
CLIENT_NOTES = "client_metadata"
LOGPROBS = "message.output_text.logprobs"
INCLUDED = ("reasoning.encrypted_content", LOGPROBS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """``body`` is the chat; ``dropped`` names what it does without; ``tools`` explain its calls."""

    body: JsonObject
    tools: Tools
    dropped: tuple[str, ...] = ()

    @property
    def calls(self) -> frozenset[str]:
        """The ids of the calls in its history."""
        return frozenset(
            call["id"]
            for message in self.body["messages"]
            for call in message.get("tool_calls", ())
        )


def chat_request(body: JsonObject) -> ChatRequest:
    """``body`` as a chat. Raises ``UnsendableError`` for what no chat can do."""
    _check_possible(body)
    # The response repeats it, and what is nested too deeply cannot be written.
    encoded_json({name: value for name, value in body.items() if name != "input"})
    items = items_of(body)
    reader = ItemReader(items)
    reader.read()
    tools = _tools(body, items)
    chat: JsonObject = {name: body[name] for name in SAME if is_told(body, name)}
    chat["messages"] = _with_system(body.get("instructions"), reader.messages)
    chat |= _offered(body, tools)
    for name, translate in TRANSLATED.items():
        if is_told(body, name):
            chat |= translate(body[name])
    if LOGPROBS in _included(body):
        chat["logprobs"] = True
    if chat.get("stream") is True:
        chat["stream_options"] = {"include_usage": True}
    dropped = (*_left_out(body), *tools.missing, *reader.dropped)
    return ChatRequest(body=chat, tools=tools, dropped=dropped)


def is_told(body: JsonObject, name: str) -> bool:
    """Whether ``body`` says anything by its field ``name``."""
    value = body.get(name)
    return value is not None and value not in ([], {}) and value != NEUTRAL.get(name)


def items_of(body: JsonObject) -> list[Any]:
    """The items of ``input``, which may be a string."""
    given = body.get("input")
    if isinstance(given, str):
        return [{"role": "user", "content": given}] if given else []
    if given is None:
        return []
    if not isinstance(given, list):
        raise UnsendableError("`input` must be a string or an array.", param="input")
    return given


def without_needless_ids(body: JsonObject) -> JsonObject:
    """``body`` with no id at reasoning that says all there is, and so need not be looked up."""
    items = body.get("input")
    if not isinstance(items, list) or not any(map(_is_told_reasoning, items)):
        return body
    kept = [
        {k: v for k, v in item.items() if k != "id"} if _is_told_reasoning(item) else item
        for item in items
    ]
    return body | {"input": kept}


def _is_told_reasoning(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("type") == "reasoning"
        and bool(item.get("content") or item.get("summary"))
        and "id" in item
    )


def without_notes(body: JsonObject) -> JsonObject:
    """``body`` without what Codex notes of itself, which names threads and sessions of its own.

    No upstream but its own needs it, and to the guards it looks like objects of an account.
    """
    if CLIENT_NOTES not in body:
        return body
    return {name: value for name, value in body.items() if name != CLIENT_NOTES}


def _check_possible(body: JsonObject) -> None:
    if body.get("background") is True:
        raise UnsendableError(
            "The upstream cannot answer in the background. Leave `background` out.",
            param="background",
        )
    if is_told(body, "prompt"):
        raise UnsendableError(
            "The upstream keeps no prompts. Give `instructions` and `input`.", param="prompt"
        )


def _with_system(instructions: Any, messages: list[JsonObject]) -> list[JsonObject]:
    """All that stands before the conversation in one message: some upstreams take no second."""
    if not isinstance(instructions, str | None):
        raise UnsendableError("`instructions` must be a string.", param="instructions")
    texts = [instructions] if instructions else []
    leading = next((n for n, it in enumerate(messages) if it["role"] != "system"), len(messages))
    texts += [message["content"] for message in messages[:leading]]
    system = [{"role": "system", "content": "\n\n".join(texts)}] if texts else []
    return system + messages[leading:]


def _tools(body: JsonObject, items: list[Any]) -> Tools:
    tools = Tools()
    given = body.get("tools")
    if not isinstance(given, list | None):
        raise UnsendableError("`tools` must be an array.", param="tools")
    tools.add(given or (), "tools")
    for place, item in enumerate(items):
        match item:
            case {"type": "additional_tools" | "tool_search_output", "tools": list(more)}:
                tools.add(more, f"input.{place}.tools")
    return tools


def _offered(body: JsonObject, tools: Tools) -> JsonObject:
    choice = body.get("tool_choice")
    if choice != "none":
        check_missing(tools)
    if not tools.functions:
        return {}
    if choice is None:
        return {"tools": tools.functions}
    chosen, functions = tool_choice(choice, tools)
    return {"tools": functions, "tool_choice": chosen}


def _limit(limit: Any) -> JsonObject:
    return {"max_tokens": limit}


def _reasoning(reasoning: Any) -> JsonObject:
    effort = reasoning.get("effort") if isinstance(reasoning, dict) else None
    return {} if effort is None else {"reasoning_effort": effort}


def _text(text: Any) -> JsonObject:
    chat: JsonObject = {}
    if not isinstance(text, dict):
        return chat
    if text.get("verbosity") is not None:
        chat["verbosity"] = text["verbosity"]
    match text.get("format"):
        case {"type": "json_schema", **schema}:
            chat["response_format"] = {"type": "json_schema", "json_schema": schema}
        case {"type": "json_object"}:
            chat["response_format"] = {"type": "json_object"}
        case {"type": "text"} | None:
            pass
        case _:
            raise UnsendableError(
                "`text.format` must be of the type text, json_object or json_schema.",
                param="text.format",
            )
    return chat


def _top_logprobs(count: Any) -> JsonObject:
    return {"logprobs": True, "top_logprobs": count} if count else {}


TRANSLATED: dict[str, Callable[[Any], JsonObject]] = {
    "max_output_tokens": _limit,
    "reasoning": _reasoning,
    "text": _text,
    "top_logprobs": _top_logprobs,
}


def _included(body: JsonObject) -> list[Any]:
    included = body.get("include")
    return included if isinstance(included, list) else []


def _left_out(body: JsonObject) -> Iterator[str]:
    known = HANDLED.union(SAME, TRANSLATED)
    yield from (name for name in body if name not in known and is_told(body, name))
    yield from (
        f"include.{place}" for place, each in enumerate(_included(body)) if each not in INCLUDED
    )
