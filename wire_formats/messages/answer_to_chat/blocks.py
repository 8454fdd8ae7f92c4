"""What is in the blocks of an Anthropic answer, in the words of chats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from wire_formats.chat.completion import Completion, custom_call, tool_call
from wire_formats.chat.reasoning import ANTHROPIC, Thought, reasoning_fields
from wire_formats.chat.thought_order import mark_positions, position_of
from wire_formats.chat.types import Placed, ReasoningFields
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.messages.request_from_chat.tools import custom_tools, foreign_names
from wire_formats.service_tiers import in_chats_words, messages_tier_in
from wire_formats.stop_reasons import FinishReason, from_messages
from wire_formats.token_counts import ChatUsage, Tokens, chat_usage, read_messages_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientForm:
    """What of a request decides on the form of its answer.

    ``custom`` are the names of its tools that take text, ``names`` its own ones of tools that
    Anthropic knows by others. ``is_legacy``: it has ``functions`` and so
    wants a ``function_call``. ``hides_thoughts``: it wants none told.
    """

    custom: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    is_legacy: bool = False
    hides_thoughts: bool = False

    def name_of(self, block: JsonObject) -> str:
        """The client's name of the tool that a block calls."""
        name = block["name"]
        if not isinstance(name, str):
            raise TypeError("A call names its tool by a string.")
        return self.names.get(name, name)


def client_form(body: JsonObject) -> ClientForm:
    """The form that the client of a chat's ``body`` understands."""
    reasoning = body.get("reasoning")
    excluded = isinstance(reasoning, dict) and reasoning.get("exclude") is True
    return ClientForm(
        custom=custom_tools(body),
        names=foreign_names(body),
        is_legacy=bool(body.get("functions")) and not body.get("tools"),
        hides_thoughts=excluded or body.get("include_reasoning") is False,
    )


def thought_of(block: JsonObject) -> Thought | None:
    """The thought of a block; without a signature it is no more than text."""
    match block:
        case {"type": "thinking"}:
            text, signature = text_in(block, "thinking"), text_in(block, "signature")
            return Thought(text=text, signature=signature, format=ANTHROPIC if signature else "")
        case {"type": "redacted_thinking", "data": str(data)}:
            return Thought(sealed=data, format=ANTHROPIC)
    return None


def completion_of(message: JsonObject) -> Completion:
    """The completion that ``message`` becomes; servers that imitate Anthropic's may lack an id."""
    return Completion(
        id=text_in(message, "id"),
        model=text_in(message, "model"),
        service_tier=in_chats_words(messages_tier_in(message.get("usage"))),
    )


def text_in(holder: JsonObject, name: str) -> str:
    """The string ``name`` of ``holder``; empty where there is none."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def id_of(block: JsonObject) -> str:
    """The id of a call; a new one where it has none, since its result has to name it."""
    return text_in(block, "id") or f"toolu_{uuid4().hex}"


def thought_fields(blocks: Iterable[JsonObject]) -> ReasoningFields:
    """The side fields of a message for the thoughts among ``blocks``."""
    thoughts: list[Thought] = []
    positions: list[Placed] = []
    characters = calls = 0
    for block in blocks:
        if thought := thought_of(block):
            thoughts.append(thought)
            positions.append(position_of(characters, calls))
        elif block.get("type") == "text":
            characters += len(text_in(block, "text"))
        elif block.get("type") == "tool_use":
            calls += 1
    fields = reasoning_fields(thoughts)
    mark_positions(fields, thoughts, positions)
    return fields


def call_of(block: JsonObject, form: ClientForm) -> JsonMapping:
    """A call as a message holds it."""
    name, given = form.name_of(block), block.get("input") or {}
    if name in form.custom:
        return custom_call(id_of(block), name, custom_input(given))
    return tool_call(id_of(block), name, write_json(given).decode())


def custom_input(given: Any) -> str:
    """The text for a tool that takes text, from the object that stands for it."""
    text = given.get("input") if isinstance(given, dict) else given
    return text if isinstance(text, str) else write_json(given).decode()


def annotations_of(citations: Any, start: int, end: int) -> list[JsonObject]:
    """The sources of the text from ``start`` to ``end``, so far as they have an address."""
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": start,
                "end_index": end,
                "title": str(citation.get("title") or ""),
                "url": url,
            },
        }
        for citation in (citations if isinstance(citations, list) else ())
        if isinstance(citation, dict) and (url := _address(citation))
    ]


def refusal_of(details: Any) -> JsonObject:
    """``refusal`` from an answer's ``stop_details``; empty where they explain nothing."""
    explanation = details.get("explanation") if isinstance(details, dict) else None
    return {"refusal": explanation} if isinstance(explanation, str) and explanation else {}


def merged_usage(known: JsonObject, told: Any) -> JsonObject:
    """The counts ``told`` later over those ``known``: a later zero is no count."""
    if not isinstance(told, dict):
        return known
    later = {k: v for k, v in told.items() if v is not None and not (v == 0 and known.get(k))}
    return known | later


def usage_of(usage: Any) -> ChatUsage | None:
    tokens = Tokens()
    read_messages_usage(usage, tokens)
    return chat_usage(tokens)


def finish_reason(stop_reason: Any, form: ClientForm) -> FinishReason:
    reason = from_messages(stop_reason)
    return "function_call" if reason == "tool_calls" and form.is_legacy else reason


def texts_of(blocks: Iterable[JsonObject]) -> tuple[str, list[JsonObject]]:
    """The text of an answer and its annotations."""
    text, annotations = "", []
    for block in blocks:
        if block.get("type") == "text":
            start = len(text)
            text += text_in(block, "text")
            annotations += annotations_of(block.get("citations"), start, len(text))
    return text, annotations


def _address(citation: JsonObject) -> str:
    for name in ("url", "source"):
        value = citation.get(name)
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return value
    return ""
