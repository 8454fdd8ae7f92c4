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

from collections.abc import Awaitable, Callable, Generator, Iterator
from itertools import chain
from typing import Any

from wire_formats.chat.reasoning import FIELDS, TEXT_FIELDS, reasoning_text, spoken_text
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.responses.answer_from_chat.answer import (
    Asked,
    call_id_of,
    needs_message,
    signature_of,
    tier_of,
)
from wire_formats.responses.answer_from_chat.output_items import CUT, call_type, reasoning_item
from wire_formats.responses.answer_from_chat.stream_calls import StreamedCall, StreamedCalls
from wire_formats.responses.answer_from_chat.stream_items import (
    OpenCall,
    OpenItem,
    OpenMessage,
    OpenReasoning,
    Told,
    has_summary,
)
from wire_formats.responses.request_to_chat.tools import CUSTOM, FUNCTION
from wire_formats.responses.sealed import OF_THE_MESSAGE
from wire_formats.sse import DONE_MARK, data_of, typed_event
from wire_formats.stop_reasons import to_responses
from wire_formats.token_counts import Tokens

STREAMED = frozenset({FUNCTION, CUSTOM})
OnEnd = Callable[[JsonObject], Awaitable[JsonObject]]


class ResponseEvents:
    """Turns one stream. Whoever reads the chat fills in ``tokens`` until its end.

    ``on_end`` gets the response before its last event tells of it, as ``on_end`` then leaves it.
    """

    def __init__(self, asked: Asked, tokens: Tokens, on_end: OnEnd | None = None) -> None:
        self._asked = asked
        self._tokens = tokens
        self._on_end = on_end
        self._number = 0
        self._output: list[JsonObject | None] = []  # None for an item that is open
        self._open: OpenItem | None = None
        self._calls = StreamedCalls()
        self._signatures: dict[str, str] = {}
        self._is_unsigned = False  # whether the last reasoning came without any details
        self._finish_reason: Any = None
        self._tier: str | None = None

    async def __call__(self, event: bytes) -> bytes:
        """One event of the chat, translated. Raises ``UnreadableAnswerError``."""
        data = data_of(event)
        if not data:
            return event  # a comment
        is_end = data.startswith(DONE_MARK)
        told = self._end() if is_end else self._of_object(json_object(data))
        if not self._number:
            told = chain(self._begin(), told)
        if is_end and self._on_end is not None:
            *before, (kind, last) = told
            told = iter([*before, (kind, {"response": await self._on_end(last["response"])})])
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
        if "service_tier" in chunk:
            self._tier = tier_of(chunk) or self._tier
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
            self._signatures |= signature_of(delta, OF_THE_MESSAGE)
        pieces = delta.get("tool_calls")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                yield from self._of_call(piece)

    def _of_reasoning(self, delta: JsonObject) -> Iterator[Told]:
        """The text as it comes. Lists of details repeat it, unless they alone tell of it."""
        details, blocks = delta.get("reasoning_details"), delta.get("thinking_blocks")
        text = reasoning_text(delta)
        if not (text or details or blocks):
            return
        item = yield from self._reasoning(is_summary=has_summary(details))
        item.keep(delta, self._asked.body)
        if text:
            yield from item.text(text, is_plain=any(delta.get(name) for name in TEXT_FIELDS))

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
        call.told_id = call_id_of({"id": call.id}, self._asked, place)
        call.item = OpenCall(self._asked.id_of(call_type(tool), place), place, tool, call.told_id)
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
        if self._signatures:
            yield from self._signature_item()
        if needs_message(self._written(), self._finish_reason):
            message = yield from self._message()
            yield from message.text("")
            yield from self._close()
        output, reason = self._written(), self._finish_reason
        response = self._asked.ended(output, reason, self._tokens, service_tier=self._tier)
        yield f"response.{response['status']}", {"response": response}

    def _call_ended(self, call: StreamedCall) -> Iterator[Told]:
        if call.item is not None:
            yield from call.item.ended(call.arguments)
            self._output[call.item.place] = call.item.item
            self._signatures |= {call.told_id: call.signature} if call.signature else {}

    def _mark_cut(self) -> None:
        """Have the item that was being written say so, if the answer was cut short."""
        last = self._open or (self._calls.all[-1].item if self._calls.all else None)
        if last is not None and to_responses(self._finish_reason):
            last.status = CUT

    def _signature_item(self) -> Iterator[Told]:
        """What belongs to calls and has no place in their items."""
        place = self._place()
        item = OpenItem(self._asked.id_of("reasoning", place), place)
        item.item = reasoning_item(item.id, (), signatures=self._signatures)
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
