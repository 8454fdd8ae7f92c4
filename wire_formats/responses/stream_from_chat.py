"""From the chunks of a chat to the events of a response.

Each item is opened when the first of it comes::

    reasoning ──┐                        one at a time: what follows closes it
    message   ──┴─> output_item.added ─> parts and deltas ─> output_item.done
    calls     ────> output_item.added ─> deltas ─────────────────────────┐
    [DONE]    ────> closes all that is open <────────────────────────────┘ ─> response.completed

Calls stay open until the end, since an upstream may write several of them by turns. Those of tools
that have items of their own types are told of at the end, where their arguments are whole.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain
from typing import Any

from wire_formats.chat.dialect import ChatDialect
from wire_formats.chat.reasoning import FIELDS, TEXT_FIELDS, reasoning_text, spoken_text
from wire_formats.dialect import DescribedError
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.responses.answer_from_chat import (
    Asked,
    call_id_of,
    extra_of,
    needs_message,
)
from wire_formats.responses.dialect import RESPONSES
from wire_formats.responses.output_items import CUT, call_type, reasoning_item
from wire_formats.responses.sealed import OF_THE_MESSAGE
from wire_formats.responses.stream_calls import StreamedCall, StreamedCalls
from wire_formats.responses.stream_items import (
    OpenCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    Told,
    has_summary,
)
from wire_formats.responses.tools_to_chat import CUSTOM, FUNCTION
from wire_formats.sse import DONE_MARK, data_of, typed_event
from wire_formats.stop_reasons import to_responses
from wire_formats.token_counts import Tokens

STREAMED = frozenset({FUNCTION, CUSTOM})


class TranslatedChatDialect(ChatDialect):
    """A chat's stream whose client reads the events of Responses: failures are told in those."""

    def error_event(self, error: DescribedError, *, request_id: str, last_block: bytes) -> bytes:
        return RESPONSES.error_event(error, request_id=request_id, last_block=b"")


TRANSLATED_CHAT = TranslatedChatDialect()


class ResponseEvents:
    """Turns one stream. Whoever reads the chat fills in ``tokens`` until its end."""

    def __init__(self, asked: Asked, tokens: Tokens) -> None:
        self._asked = asked
        self._tokens = tokens
        self._number = 0
        self._output: list[JsonObject | None] = []  # None for an item that is open
        self._open: OpenItem | None = None
        self._calls = StreamedCalls()
        self._extras: JsonObject = {}
        self._is_unsigned = False  # whether the last reasoning came without any details
        self._finish_reason: Any = None
        self._tier: str | None = None

    async def __call__(self, event: bytes) -> bytes:
        """One event of the chat, translated. Raises ``UnreadableAnswerError``."""
        data = data_of(event)
        if not data:
            return event  # a comment
        told = self._end() if data.startswith(DONE_MARK) else self._of_object(json_object(data))
        if not self._number:
            told = chain(self._begin(), told)
        return b"".join(map(self._encoded, told))

    def _encoded(self, told: Told) -> bytes:
        kind, fields = told
        number, self._number = self._number, self._number + 1
        return typed_event(kind, sequence_number=number, **fields)

    def _begin(self) -> Iterator[Told]:
        response = self._asked.begun()
        yield "response.created", {"response": response}
        yield "response.in_progress", {"response": response}

    def _of_object(self, parsed: JsonObject) -> Iterator[Told]:
        is_error = parsed.get("type") == "error"  # the relay's last word
        return self._failed(parsed) if is_error else self._of_chunk(parsed)

    def _of_chunk(self, chunk: JsonObject) -> Iterator[Told]:
        if isinstance(chunk.get("service_tier"), str):
            self._tier = chunk["service_tier"]
        match chunk.get("choices"):
            case [{"delta": dict(delta)} as choice, *_] | [{"message": dict(delta)} as choice, *_]:
                yield from self._of_delta(delta, choice.get("logprobs"))
                self._finish_reason = choice.get("finish_reason") or self._finish_reason
            case [{"finish_reason": str(reason)}, *_]:
                self._finish_reason = reason

    def _of_delta(self, delta: JsonObject, logprobs: Any) -> Iterator[Told]:
        content, refusal = delta.get("content"), delta.get("refusal")
        if isinstance(content, list) or not FIELDS.isdisjoint(delta):
            yield from self._of_reasoning(delta)
        if text := content if isinstance(content, str) else spoken_text(content):
            message = yield from self._message()
            yield from message.text(text, logprobs)
        if isinstance(refusal, str) and refusal:
            message = yield from self._message()
            yield from message.refusal(refusal)
        if isinstance(self._open, OpenMessage) and delta.get("annotations"):
            yield from self._open.annotations(delta["annotations"])
        if "extra_content" in delta:
            self._extras |= extra_of(delta, OF_THE_MESSAGE)
        pieces = delta.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                yield from self._of_call(piece)

    def _of_reasoning(self, delta: JsonObject) -> Iterator[Told]:
        """The text as it comes. Lists of details repeat it, unless they alone tell of it."""
        details, blocks = delta.get("reasoning_details"), delta.get("thinking_blocks")
        is_plain = any(delta.get(name) for name in TEXT_FIELDS)
        text = reasoning_text(delta)
        if not (text or details or blocks):
            return
        item = yield from self._reasoning(is_summary=has_summary(details))
        if details or blocks:
            item.details(details, blocks)
        if text and (is_plain or not item.is_plain):
            item.is_plain = item.is_plain or is_plain
            yield from item.text(text)

    def _of_call(self, piece: JsonObject) -> Iterator[Told]:
        call, added = self._calls.take(piece)
        if call.item is not None:
            yield from call.item.arguments(added)
        elif self._asked.tools.kind_of(call.name).kind in STREAMED and call.name:
            yield from self._call(call)

    def _call(self, call: StreamedCall) -> Iterator[Told]:
        """The beginning of a call, with what is known of its arguments."""
        yield from self._close()
        tool = self._asked.tools.kind_of(call.name)
        place = self._place()
        call.id = call_id_of({"id": call.id}, self._asked, place)
        call.item = OpenCall(self._asked.id_of(call_type(tool), place), place, tool, call.id)
        if tool.kind in STREAMED:
            yield call.item.begun()
            yield from call.item.arguments(call.arguments)

    def _reasoning(self, *, is_summary: bool) -> Generator[Told, None, OpenReasoning]:
        if isinstance(self._open, OpenReasoning):
            return self._open
        yield from self._close()
        place = self._place()
        item = OpenReasoning(
            self._asked.id_of("reasoning", place),
            place,
            is_summary=is_summary or self._asked.wants_summary,
            is_plain=self._is_unsigned,
        )
        self._open = item
        yield item.begun()
        return item

    def _message(self) -> Generator[Told, None, OpenMessage]:
        if isinstance(self._open, OpenMessage):
            return self._open
        yield from self._close()
        place = self._place()
        item = OpenMessage(self._asked.id_of("message", place), place)
        self._open = item
        yield item.begun()
        return item

    def _place(self) -> int:
        """The place of a new item."""
        self._output.append(None)
        return len(self._output) - 1

    def _close(self) -> Iterator[Told]:
        item, self._open = self._open, None
        if item is None:
            return
        yield from item.closed()
        self._output[item.place] = item.item
        if isinstance(item, OpenReasoning):
            # Its details may be late: then they repeat what was told.
            self._is_unsigned = item.is_plain and not item.has_details

    def _end(self) -> Iterator[Told]:
        self._mark_cut()
        yield from self._close()
        for call in self._calls.all:
            if not call.name:
                raise UnreadableAnswerError("The upstream's answer calls a tool without a name.")
            if call.item is None:
                yield from self._call(call)
            yield from self._call_ended(call)
        if self._extras:
            yield from self._extra_item()
        if needs_message(self._written(), self._finish_reason):
            message = yield from self._message()
            yield from message.text("")
            yield from self._close()
        response = self._asked.ended(
            self._written(), self._finish_reason, self._tokens, service_tier=self._tier
        )
        yield f"response.{response['status']}", {"response": response}

    def _call_ended(self, call: StreamedCall) -> Iterator[Told]:
        if call.item is not None:
            yield from call.item.ended(call.arguments)
            self._output[call.item.place] = call.item.item
            self._extras |= {call.id: call.extra} if call.extra else {}

    def _mark_cut(self) -> None:
        """Have the item that was being written say so, if the answer was cut short."""
        last = self._open or (self._calls.all[-1].item if self._calls.all else None)
        if last is not None and to_responses(self._finish_reason):
            last.status = CUT

    def _extra_item(self) -> Iterator[Told]:
        """What belongs to calls and has no place in their items."""
        place = self._place()
        item = OpenItem(self._asked.id_of("reasoning", place), place)
        item.item = reasoning_item(item.id, (), extras=self._extras)
        yield item.added({"id": item.id, "type": "reasoning", "summary": []})
        yield from item.closed()
        self._output[place] = item.item

    def _failed(self, error: JsonObject) -> Iterator[Told]:
        """The ``error`` in the form of both kinds of clients: an event, and a response's end."""
        told = {name: error.get(name) for name in ("code", "message", "param")}
        yield "error", told
        response = self._asked.failed(self._written(), told["code"], told["message"], self._tokens)
        yield "response.failed", {"response": response}

    def _written(self) -> list[JsonObject]:
        """The items that are complete."""
        return [item for item in self._output if item is not None]
