"""From a chat completion to a response."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from wire_formats.chat.calls import arguments_text
from wire_formats.chat.google_signatures import google_signature
from wire_formats.chat.reasoning import Thought
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object
from wire_formats.responses.answer_from_chat.message_parts import parts_in_order
from wire_formats.responses.answer_from_chat.output_items import (
    CUT,
    DONE,
    call_item,
    call_type,
    item_id,
    message_item,
    reasoning_item,
    text_part,
    with_status,
)
from wire_formats.responses.broken_off import CODES, REPEATED
from wire_formats.responses.request_to_chat.tools import Tools
from wire_formats.responses.sealed import OF_THE_MESSAGE, origin_of
from wire_formats.stop_reasons import to_responses
from wire_formats.token_counts import Tokens, responses_usage

TIERS = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
NO_SUMMARY = (None, "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an answer must know of its request. ``body`` is the client's own.

    ``model`` is the name by which the client knows it; ``request_id`` is the gateway's.
    ``known_calls`` are the ids of the calls that were sent along. ``previous`` and ``conversation``
    are the ids of what it goes on from; ``is_stored`` says whether others may go on from it.
    """

    body: JsonObject
    tools: Tools
    request_id: str
    response_id: str
    model: str
    known_calls: frozenset[str] = frozenset()
    previous: str = ""
    conversation: str = ""
    is_stored: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def wants_summary(self) -> bool:
        """Whether reasoning is shown as a summary, which is all that many clients show."""
        reasoning: Any = self.body.get("reasoning")
        if not isinstance(reasoning, dict):
            return False
        return (reasoning.get("summary") or reasoning.get("generate_summary")) not in NO_SUMMARY

    def id_of(self, kind: str, index: int) -> str:
        """The id of the item at ``index`` in the output."""
        return item_id(kind, self.request_id, index)

    def begun(self) -> JsonObject:
        """The response before a word is said, as a stream begins with it."""
        body = self.body
        repeated = {
            name: default if body.get(name) is None else body[name]
            for name, default in REPEATED.items()
        }
        reasoning = as_object(body.get("reasoning"))
        return {
            "id": self.response_id,
            "object": "response",
            "created_at": self.created,
            "status": "in_progress",
            "background": False,
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "model": self.model,
            "output": [],
            "previous_response_id": self.previous or None,
            "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
            "store": self.is_stored,
            "usage": None,
            **({"conversation": {"id": self.conversation}} if self.conversation else {}),
            **repeated,
        }

    def ended(
        self, output: list[JsonObject], finish_reason: Any, tokens: Tokens, **more: Any
    ) -> JsonObject:
        """The response with all of its ``output``."""
        reason = to_responses(finish_reason)
        return self.begun() | {
            "status": CUT if reason else DONE,
            "completed_at": None if reason else int(time.time()),
            "incomplete_details": {"reason": reason} if reason else None,
            "output": output,
            "usage": responses_usage(tokens),
            **{name: value for name, value in more.items() if value is not None},
        }

    def failed(
        self, output: list[JsonObject], code: Any, message: Any, tokens: Tokens
    ) -> JsonObject:
        """The response that broke off behind ``output``."""
        return self.begun() | {
            "status": "failed",
            "store": False,
            "error": {"code": CODES.get(str(code), "server_error"), "message": message},
            "output": output,
            "usage": responses_usage(tokens),
        }


def response_of(answer: JsonObject, asked: Asked, tokens: Tokens) -> JsonObject:
    """A whole chat completion as a response. Raises ``UnreadableAnswerError``."""
    match answer.get("choices"):
        case [{"message": dict(said), **choice}, *_]:
            pass
        case _:
            raise UnreadableAnswerError("The upstream's answer is not a chat completion.")
    output = list(_items(said, choice.get("logprobs"), asked))
    reason = choice.get("finish_reason")
    if needs_message(output, reason):
        output.append(message_item(asked.id_of("message", len(output)), [text_part("")]))
    if to_responses(reason) and output:
        output[-1] = with_status(output[-1], CUT)
    return asked.ended(output, reason, tokens, service_tier=tier_of(answer))


def needs_message(output: list[JsonObject], finish_reason: Any) -> bool:
    """Whether the output lacks its last word.

    Agents ask again and again where a response has neither a message nor a call.
    """
    return not to_responses(finish_reason) and all(it["type"] == "reasoning" for it in output)


def _items(said: JsonObject, logprobs: Any, asked: Asked) -> Iterator[JsonObject]:
    signatures = signature_of(said, OF_THE_MESSAGE)
    parts = list(parts_in_order(said, logprobs))
    for index, part in enumerate(parts):
        match part:
            case [Thought(), *_] as thoughts:
                yield _thoughts_item(asked.id_of("reasoning", index), thoughts, said, asked)
            case [_, *_] as content:
                yield message_item(asked.id_of("message", index), content)
            case {"function": {"name": str(name), **function}} as call if name:
                tool = asked.tools.kind_of(name)
                call_id = call_id_of(call, asked, index)
                arguments = arguments_text(function.get("arguments")) or "{}"
                yield call_item(asked.id_of(call_type(tool), index), tool, call_id, arguments)
                signatures |= signature_of(call, call_id)
            case _:
                raise UnreadableAnswerError("The upstream's answer calls a tool without a name.")
    if signatures:
        yield reasoning_item(asked.id_of("reasoning", len(parts)), (), signatures=signatures)


def _thoughts_item(id_: str, thoughts: list[Thought], said: JsonObject, asked: Asked) -> JsonObject:
    return reasoning_item(
        id_,
        thoughts,
        text="".join(thought.text for thought in thoughts),
        is_summary=asked.wants_summary or any(thought.is_summary for thought in thoughts),
        origin=origin_of(said, asked.body),
    )


def call_id_of(call: JsonObject, asked: Asked, index: int) -> str:
    """The id of a call, made up where the upstream gave none, or one that it gave before.

    Clients tell the calls of a conversation apart by it, and some upstreams count anew each turn.
    """
    found = call.get("id")
    if isinstance(found, str) and found and found not in asked.known_calls:
        return found
    return f"call_{asked.request_id.removeprefix('req_')}_{index}"


def signature_of(holder: JsonObject, call_id: str) -> dict[str, str]:
    """Gemini's signature of a call or a message, by its place; empty where there is none."""
    signature = google_signature(holder)
    return {call_id: signature} if signature else {}


def tier_of(answer: JsonObject) -> str | None:
    """The service tier that an answer, or a chunk of one, tells of; None for any other word."""
    tier = answer.get("service_tier")
    return tier if isinstance(tier, str) and tier in TIERS else None
