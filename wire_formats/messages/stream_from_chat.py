"""From the chunks of a chat to the events of a message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.dialect import ChatDialect
from wire_formats.dialect import DescribedError
from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.messages.answer_from_chat import empty_message, listed
from wire_formats.messages.dialect import MESSAGES
from wire_formats.messages.types import Block, InputJsonDelta, MessageDelta, TextDelta
from wire_formats.sse import DONE_MARK, data_of, typed_event
from wire_formats.stop_reasons import to_messages
from wire_formats.token_counts import Tokens, messages_usage


class TranslatedChatDialect(ChatDialect):
    """A chat's stream whose client reads Anthropic's events: failures are told in those."""

    def error_event(self, error: DescribedError, *, request_id: str, last_block: bytes) -> bytes:
        return MESSAGES.error_event(error, request_id=request_id, last_block=last_block)


TRANSLATED_CHAT = TranslatedChatDialect()


class MessageEvents:
    """Turns one stream. Blocks come one after another: a new one ends the one before.

    The token counts come last in a chat's stream, and so does everything that ends a message:
    whoever reads that stream fills in ``tokens`` until then.
    """

    def __init__(self, *, request_id: str, model: str, tokens: Tokens) -> None:
        self._request_id = request_id
        self._model = model
        self._tokens = tokens
        self._has_begun = False
        self._blocks: list[Block] = []
        self._is_open = False
        self._call: tuple[Any, str] | None = None  # index and id of the one being written
        self._finish_reason: Any = None
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
            return event  # the relay's error event, in Anthropic's form already
        return b"".join([*self._begin(), *self._of_chunk(parsed)])

    def _begin(self) -> Iterator[bytes]:
        if not self._has_begun:
            self._has_begun = True
            message = empty_message(request_id=self._request_id, model=self._model)
            yield typed_event("message_start", message=message)

    def _of_chunk(self, chunk: JsonObject) -> Iterator[bytes]:
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if isinstance(choice, dict):
            if isinstance(choice.get("delta"), dict):
                yield from self._of_delta(choice["delta"])
            self._finish_reason = choice.get("finish_reason") or self._finish_reason

    def _of_delta(self, delta: JsonObject) -> Iterator[bytes]:
        if isinstance(delta.get("refusal"), str) and delta["refusal"]:
            self._is_refused = True
        for text in (delta.get("content"), delta.get("refusal")):
            if isinstance(text, str) and text:
                yield from self._text(text)
        for call in listed(delta.get("tool_calls")):
            yield from self._of_call(call)

    def _text(self, text: str) -> Iterator[bytes]:
        if not self._is_open or self._blocks[-1]["type"] != "text":
            yield from self._open({"type": "text", "text": ""})
        yield self._delta({"type": "text_delta", "text": text})

    def _of_call(self, call: Any) -> Iterator[bytes]:
        match call:
            case {"index": index, "function": dict(function)} if self._continues(index, call):
                pass
            case {"id": str(id_), "function": {"name": str(name)} as function}:
                self._call = (call.get("index"), id_)
                yield from self._open({"type": "tool_use", "id": id_, "name": name, "input": {}})
            case _:
                raise UnreadableAnswerError("The upstream's calls of tools are out of order.")
        arguments = function.get("arguments")
        if isinstance(arguments, str) and arguments:
            yield self._delta({"type": "input_json_delta", "partial_json": arguments})

    def _continues(self, index: Any, call: JsonObject) -> bool:
        """Whether ``call`` goes on with the last one. Some providers give all the same index."""
        return self._call is not None and (
            index == self._call[0] and call.get("id") in (None, "", self._call[1])
        )

    def _open(self, block: Block) -> Iterator[bytes]:
        yield from self._close()
        self._blocks.append(block)
        self._is_open = True
        if block["type"] == "text":
            self._call = None
        yield typed_event("content_block_start", index=len(self._blocks) - 1, content_block=block)

    def _delta(self, delta: TextDelta | InputJsonDelta) -> bytes:
        return typed_event("content_block_delta", index=len(self._blocks) - 1, delta=delta)

    def _close(self) -> Iterator[bytes]:
        if self._is_open:
            self._is_open = False
            yield typed_event("content_block_stop", index=len(self._blocks) - 1)

    def _end(self) -> Iterator[bytes]:
        yield from self._close()
        has_calls = any(block["type"] == "tool_use" for block in self._blocks)
        reason = to_messages(self._finish_reason, has_calls=has_calls, is_refused=self._is_refused)
        delta: MessageDelta = {"stop_reason": reason, "stop_sequence": None}
        yield typed_event("message_delta", delta=delta, usage=messages_usage(self._tokens))
        yield typed_event("message_stop")
