"""Responses as chat completions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wire_formats.chat.completion import Completion
from wire_formats.json_types import JsonMapping, JsonObject
from wire_formats.json_values import as_list, as_object, as_text
from wire_formats.responses.answer_to_chat.output import logprobs_of, message_of
from wire_formats.responses.answer_to_chat.stream import ResponseStream
from wire_formats.service_tiers import tier_in
from wire_formats.stop_reasons import from_responses
from wire_formats.token_counts import ChatUsage, Tokens, chat_usage, read_usage
from wire_formats.translation import Translation

ENDED = frozenset({"completed", "incomplete"})


class ResponseTranslation(Translation):
    """One response, whole or as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._completion = Completion(id="", model="")
        self._stream: ResponseStream | None = None

    def answer(self, answer: JsonObject) -> JsonMapping:
        if answer.get("status", "completed") not in ENDED:
            raise ValueError("It has not come to its end.")
        message = message_of(answer["output"])
        reason = from_responses(answer, has_calls="tool_calls" in message)
        completion = _completion(answer)
        completion.service_tier = tier_in(answer)
        whole = completion.whole(message, reason, _usage(answer))
        whole["choices"][0]["logprobs"] = logprobs_of(answer["output"])
        return {**whole}

    def event(self, event: JsonObject) -> Iterator[JsonMapping]:
        match event.get("type"):
            case "response.completed" | "response.incomplete":
                yield from self._ended(_response_in(event))
            case "response.failed":
                error = _response_in(event).get("error")
                yield {"error": error or "The upstream reported an error."}
            case "error":
                yield {"error": event.get("error") or _flat_error(event)}
            case None if event.get("error"):
                yield {"error": event["error"]}
            case "response.created" | "response.in_progress" | "response.queued":
                yield from self._begin(_response_in(event))
            case str(kind) if kind.startswith("response."):
                yield from self._begin({})
                if self._stream is not None:
                    yield from self._stream.event(event)

    def _begin(self, response: JsonObject) -> Iterator[JsonMapping]:
        if self._stream is None:
            self._completion = _completion(response)
            self._stream = ResponseStream(self._completion)
            yield self._completion.opening()

    def _ended(self, response: JsonObject) -> Iterator[JsonMapping]:
        if self._stream is None:  # the whole answer is told in its last event
            yield from self._begin(response)
            told = {k: v for k, v in message_of(as_list(response.get("output"))).items() if v}
            if calls := told.get("tool_calls"):
                told["tool_calls"] = [{"index": n} | call for n, call in enumerate(calls)]
            if told:
                yield self._completion.chunk(told)
            has_calls = "tool_calls" in told
        else:
            has_calls = self._stream.calls > 0
        self.is_done = True
        self._completion.service_tier = tier_in(response)  # until now it was the one asked for
        yield self._completion.chunk({}, from_responses(response, has_calls=has_calls))
        yield from self._completion.usage_chunks(_usage(response))


def _response_in(event: JsonObject) -> JsonObject:
    return as_object(event.get("response"))


def _completion(response: JsonObject) -> Completion:
    told: dict[str, Any] = {}
    if isinstance(created := response.get("created_at"), int | float):
        told["created"] = int(created)
    id_, model = as_text(response.get("id")), as_text(response.get("model"))
    return Completion(id=id_, model=model, **told)


def _flat_error(event: JsonObject) -> JsonObject:
    return {name: event.get(name) for name in ("message", "code", "param")}


def _usage(response: JsonObject) -> ChatUsage | None:
    tokens = Tokens()
    read_usage(response.get("usage"), tokens)
    return chat_usage(tokens)
