"""From the chunks of a chat to the events of a message.

A message's blocks come one after another, while a chat may mix its pieces::

    delta ──► reasoning ──► thinking block      ends with text, a call, or its signature
          ├─► text ───────► text block          waits while a call is incomplete
          └─► calls ──────► tool_use blocks     one at a time, the others wait in line
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from wire_formats.chat.google_signatures import google_signature
from wire_formats.chat.reasoning import ANTHROPIC, spoken_text
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_list
from wire_formats.messages.answer_from_chat.answer import Asked, empty_message, stopped
from wire_formats.messages.answer_from_chat.block_events import BlockEvents
from wire_formats.messages.answer_from_chat.call_pieces import Call, CallIds, Calls
from wire_formats.messages.answer_from_chat.thoughts import (
    StreamedReasoning,
    sealed_block,
    signature_of,
)
from wire_formats.messages.carried import MESSAGE, carried_signatures
from wire_formats.sse import DONE_MARK, data_of, typed_event
from wire_formats.token_counts import Tokens


class MessageEvents:
    """Turns one stream.

    The token counts come last in a chat's stream, and so does everything that ends a message:
    whoever reads that stream fills in ``tokens`` until then.
    """

    def __init__(self, asked: Asked, tokens: Tokens) -> None:
        self._asked = asked
        self._tokens = tokens
        self._has_begun = False
        self._blocks = BlockEvents()
        self._reasoning = StreamedReasoning()
        self._calls = Calls(CallIds(asked.ids, request_id=asked.request_id))
        self._call: Call | None = None  # the one being written
        self._line: deque[Call | str] = deque()  # calls and texts that wait for it
        self._signature = ""  # Google's, of the message
        self._choice: Any = None  # the index of the choice that is told
        self._last: JsonObject = {}  # what the choice said of its end
        self._is_refused = False

    async def __call__(self, event: bytes) -> bytes:
        """One event of the chat, translated. Raises ``UnreadableAnswerError``."""
        data = data_of(event)
        if not data:
            return event  # a comment
        if data.startswith(DONE_MARK):
            return b"".join([*self._begin(), *self._end()])
        parsed = json_object(data)
        if parsed.get("error"):
            return event  # the relay's last word, which is Anthropic's already
        return b"".join([*self._begin(), *self._of_chunk(parsed)])

    def _begin(self) -> Iterator[bytes]:
        if not self._has_begun:
            self._has_begun = True
            yield typed_event("message_start", message=empty_message(self._asked))

    def _of_chunk(self, chunk: JsonObject) -> Iterator[bytes]:
        for choice in as_list(chunk.get("choices")):
            if not isinstance(choice, dict):
                continue
            index = choice.get("index") or 0
            self._choice = index if self._choice is None else self._choice
            if index != self._choice:
                continue
            if isinstance(choice.get("delta"), dict):
                yield from self._of_delta(choice["delta"])
            if choice.get("finish_reason"):
                self._last = choice

    def _of_delta(self, delta: JsonObject) -> Iterator[bytes]:
        yield from self._of_reasoning(delta)
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            self._is_refused = True
        for text in (spoken_text(delta.get("content")), delta.get("refusal")):
            if isinstance(text, str) and text:
                yield from self._text(text)
        self._signature = google_signature(delta) or self._signature
        for piece in as_list(delta.get("tool_calls")):
            yield from self._of_piece(piece)

    def _of_reasoning(self, delta: JsonObject) -> Iterator[bytes]:
        text = self._reasoning.take(delta)
        if self._is_within_call():
            return  # what is sealed follows in the end
        if text:
            if self._blocks.kind != "thinking":
                yield from self._close()
                block = {"type": "thinking", "thinking": "", "signature": ""}
                yield from self._blocks.open(block)
            if not self._asked.hides_thoughts:
                yield self._blocks.delta({"type": "thinking_delta", "thinking": text})
        if self._reasoning.is_over(delta):
            yield from self._end_thought()

    def _end_thought(self) -> Iterator[bytes]:
        """Sign the thinking that is open, and tell what is sealed, where there is any."""
        reasoning_field, model = self._reasoning.reasoning_field, self._asked.model
        thoughts = self._reasoning.thoughts()
        if self._blocks.kind == "thinking":
            shown = [each for each in thoughts if not (each.sealed and each.format == ANTHROPIC)]
            thoughts = [each for each in thoughts if each not in shown]
            is_hidden = self._asked.hides_thoughts
            signature = signature_of(
                shown, reasoning_field=reasoning_field, model=model, is_hidden=is_hidden
            )
            yield self._blocks.delta({"type": "signature_delta", "signature": signature})
            yield from self._blocks.close()
        sealed = [each for each in thoughts if each.sealed]
        own = [each for each in sealed if each.format == ANTHROPIC]
        others = [each for each in sealed if each.format != ANTHROPIC]
        for group in (*([each] for each in own), others):
            if group:
                block = sealed_block(group, reasoning_field=reasoning_field, model=model)
                yield from self._finish_call()
                yield from self._blocks.whole(block)

    def _text(self, text: str) -> Iterator[bytes]:
        if self._call is not None and (self._line or self._is_within_call()):
            self._line.append(text)
            return
        if self._blocks.kind != "text":
            yield from self._close()
            yield from self._blocks.open({"type": "text", "text": ""})
        yield self._blocks.delta({"type": "text_delta", "text": text})

    def _of_piece(self, piece: Any) -> Iterator[bytes]:
        known = len(self._calls)
        call = self._calls.take(piece)
        if call is self._call:
            yield from self._arguments(call)
        elif len(self._calls) > known:
            self._line.append(call)
        if self._line and not self._is_within_call():
            yield from self._next_in_line()

    def _is_within_call(self) -> bool:
        """Whether a call is being written that lacks a part of its arguments."""
        return self._call is not None and not self._call.is_complete

    def _next_in_line(self) -> Iterator[bytes]:
        """Write what waits, up to a call whose arguments are still to come."""
        yield from self._finish_call()
        while self._line and self._call is None:
            item = self._line.popleft()
            if isinstance(item, str):
                yield from self._text(item)
                continue
            yield from self._start(item)
            if self._line and item.is_complete:
                yield from self._finish_call()

    def _start(self, call: Call) -> Iterator[bytes]:
        yield from self._close()
        yield from self._carry(call.tell_signature())
        block = {"type": "tool_use", "id": call.id, "name": self._asked.name(call.name)}
        yield from self._blocks.open(block | {"input": {}})
        self._call = call
        yield from self._arguments(call)

    def _arguments(self, call: Call) -> Iterator[bytes]:
        if text := call.tell():
            yield self._blocks.delta({"type": "input_json_delta", "partial_json": text})

    def _finish_call(self) -> Iterator[bytes]:
        call, self._call = self._call, None
        if call is None:
            return
        call.is_closed = True
        yield from self._blocks.close()
        yield from self._carry(call.tell_signature())  # if it came after the call began

    def _carry(self, signatures: dict[str, str]) -> Iterator[bytes]:
        """Google's ``signatures``, which the client is to bring back."""
        if signatures:
            data = carried_signatures(signatures, model=self._asked.model)
            yield from self._blocks.whole({"type": "redacted_thinking", "data": data})

    def _close(self) -> Iterator[bytes]:
        """End the block that is open, whichever it is."""
        yield from self._finish_call()
        if self._blocks.kind == "thinking":
            yield from self._end_thought()
        yield from self._blocks.close()

    def _end(self) -> Iterator[bytes]:
        while self._line:
            yield from self._next_in_line()
        yield from self._close()
        yield from self._end_thought()
        for call in self._calls:
            yield from self._carry(call.tell_signature())
        yield from self._carry({MESSAGE: self._signature} if self._signature else {})
        stop = stopped(
            self._last,
            self._asked,
            has_calls=bool(len(self._calls)),
            is_refused=self._is_refused,
        )
        usage = self._asked.usage(self._tokens)
        yield typed_event("message_delta", delta=stop, usage=usage)
        yield typed_event("message_stop")
