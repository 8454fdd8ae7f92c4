"""Answers of Ollama's own API as OpenAI writes them."""

from __future__ import annotations

import base64
import uuid
from array import array
from collections.abc import Iterator

from wire_formats.chat.completion import Completion, begun_call, said_message, tool_call
from wire_formats.chat.types import ChatCompletion, Delta, ToolCall
from wire_formats.figures import told_count
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.object_stream import Wire
from wire_formats.ollama.types import EmbeddingList
from wire_formats.stop_reasons import FinishReason, from_ollama
from wire_formats.token_counts import ChatUsage, Tokens, chat_usage
from wire_formats.translation import Translation


class ChatTranslation(Translation):
    """One chat, whole or line by line. ``/api/chat`` gives no ids, so they are made here."""

    wire = Wire.NDJSON

    def __init__(self, request_id: str) -> None:
        super().__init__()
        self._completion = Completion(id=f"chatcmpl-{request_id}", model="")
        self._has_begun = False
        self._calls = 0

    def answer(self, answer: JsonObject) -> ChatCompletion:
        if not answer["done"]:
            raise ValueError("It has not come to its end.")
        self._completion.model = answer["model"]
        said = answer["message"]
        message = said_message(
            said.get("content") or None,
            thoughts=said.get("thinking") or None,
            calls=self._tool_calls(said),
        )
        return self._completion.whole(message, self._finish_reason(answer), _usage(answer))

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        if error := event.get("error"):
            yield {"error": {"message": str(error)}}
            return
        if not self._has_begun:
            self._has_begun = True
            self._completion.model = event["model"]
            yield self._completion.opening()
        for delta in self._deltas(event["message"]):
            yield self._completion.chunk(delta)
        if event["done"]:
            self.is_done = True
            yield self._completion.chunk({}, self._finish_reason(event))
            yield from self._completion.usage_chunks(_usage(event))

    def _deltas(self, said: JsonObject) -> Iterator[Delta]:
        if thoughts := said.get("thinking"):
            yield {"reasoning_content": thoughts}
        if text := said.get("content"):
            yield {"content": text}
        first = self._calls
        if calls := self._tool_calls(said):
            yield {"tool_calls": [begun_call(n, call) for n, call in enumerate(calls, first)]}

    def _tool_calls(self, said: JsonObject) -> list[ToolCall]:
        calls = [_tool_call(call) for call in said.get("tool_calls") or ()]
        self._calls += len(calls)
        return calls

    def _finish_reason(self, event: JsonObject) -> FinishReason:
        return from_ollama(event.get("done_reason"), has_calls=bool(self._calls))


class EmbeddingTranslation(Translation):
    """OpenAI's own client asks for base64, where Ollama writes numbers."""

    is_numeric = True

    def __init__(self, *, is_base64: bool) -> None:
        super().__init__()
        self._is_base64 = is_base64

    def answer(self, answer: JsonObject) -> EmbeddingList:
        tokens = told_count(answer.get("prompt_eval_count")) or 0
        return {
            "object": "list",
            "model": answer["model"],
            "data": [
                {"object": "embedding", "index": index, "embedding": self._written(vector)}
                for index, vector in enumerate(answer["embeddings"])
            ],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }

    def _written(self, vector: list[float]) -> list[float] | str:
        if not self._is_base64:
            return vector
        return base64.b64encode(array("f", vector).tobytes()).decode()


def _tool_call(call: JsonObject) -> ToolCall:
    function = call["function"]
    arguments = write_json(function.get("arguments") or {}).decode()
    return tool_call(call.get("id") or f"call_{uuid.uuid4().hex}", function["name"], arguments)


def _usage(answer: JsonObject) -> ChatUsage | None:
    # Ollama leaves the count out for a prompt that was cached whole.
    prompt, completion = answer.get("prompt_eval_count") or 0, answer.get("eval_count") or 0
    return chat_usage(Tokens(prompt=told_count(prompt), completion=told_count(completion)))
