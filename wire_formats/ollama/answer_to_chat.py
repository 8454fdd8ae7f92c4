"""Answers of Ollama's own API as OpenAI writes them."""

from __future__ import annotations

import base64
import uuid
from array import array
from collections.abc import Iterator
from typing import Any

from wire_formats.chat.completion import Completion, tool_call
from wire_formats.chat.reasoning import Thought, reasoning_fields
from wire_formats.chat.types import Chunk, ToolCall
from wire_formats.figures import told_count
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.json_values import as_list, as_object, as_text
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

    def answer(self, answer: JsonObject) -> JsonMapping:
        if not answer["done"]:
            raise ValueError("It has not come to its end.")
        self._completion.model = as_text(answer.get("model"))
        said = _said(answer)
        message: JsonObject = {"content": as_text(said.get("content")) or None}
        message |= reasoning_fields([Thought(text=as_text(said.get("thinking")))])
        if calls := self._tool_calls(said):
            message["tool_calls"] = calls
        whole = self._completion.whole(message, self._finish_reason(answer), _usage(answer))
        whole["choices"][0]["logprobs"] = _logprobs(answer)
        return whole

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        if error := event.get("error"):
            yield {"error": error if isinstance(error, dict) else {"message": str(error)}}
            return
        if not self._has_begun:
            self._has_begun = True
            self._completion.model = as_text(event.get("model"))
            yield self._completion.opening()
        yield from self._chunks(event)
        if event.get("done"):
            self.is_done = True
            yield self._completion.chunk({}, self._finish_reason(event))
            yield from self._completion.usage_chunks(_usage(event))

    def _chunks(self, event: JsonObject) -> Iterator[Chunk]:
        """What was said, the probabilities of all its tokens with the first piece."""
        logprobs = _logprobs(event)
        for delta in self._deltas(_said(event)):
            chunk = self._completion.chunk(delta)
            chunk["choices"][0]["logprobs"], logprobs = logprobs, None
            yield chunk

    def _deltas(self, said: JsonObject) -> Iterator[JsonMapping]:
        if thoughts := as_text(said.get("thinking")):
            yield {"reasoning_content": thoughts}
        if text := as_text(said.get("content")):
            yield {"content": text}
        first = self._calls
        if calls := self._tool_calls(said):
            yield {"tool_calls": [{"index": n, **call} for n, call in enumerate(calls, first)]}

    def _tool_calls(self, said: JsonObject) -> list[ToolCall]:
        told = as_list(said.get("tool_calls"))
        calls = [call for each in told if (call := _tool_call(each)) is not None]
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


def _tool_call(call: Any) -> ToolCall | None:
    """The call with its arguments as text, which some models write themselves."""
    match call:
        case {"function": {"name": str(name), **function}}:
            arguments = function.get("arguments")
            if not isinstance(arguments, str):
                arguments = write_json(arguments or {}).decode()
            id_ = as_text(call.get("id")) or f"call_{uuid.uuid4().hex}"
            return tool_call(id_, name, arguments or "{}")
    return None


def _said(answer: JsonObject) -> JsonObject:
    return as_object(answer.get("message"))


def _logprobs(answer: JsonObject) -> JsonObject | None:
    """Those of the tokens told; a choice has ``bytes`` and ``top_logprobs`` for each."""
    told = answer.get("logprobs")
    if not isinstance(told, list) or not told:
        return None
    empty: JsonObject = {"bytes": None, "top_logprobs": []}
    content = [empty | each for each in told if isinstance(each, dict)]
    for each in content:
        tops = each["top_logprobs"] or []
        each["top_logprobs"] = [{"bytes": None} | top for top in tops if isinstance(top, dict)]
    return {"content": content, "refusal": None}


def _usage(answer: JsonObject) -> ChatUsage | None:
    # A prompt that was cached whole is not counted at all.
    prompt, completion = answer.get("prompt_eval_count") or 0, answer.get("eval_count") or 0
    return chat_usage(Tokens(prompt=told_count(prompt), completion=told_count(completion)))
