"""Responses as chat completions.

https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator

from wire_formats.chat.completion import Completion, tool_call
from wire_formats.json_types import JsonObject
from wire_formats.stop_reasons import from_responses
from wire_formats.token_counts import Tokens, chat_usage, read_usage
from wire_formats.translation import Translation

# Where a chunk holds the text of an event.
TEXTS = {
    "response.output_text.delta": "content",
    "response.refusal.delta": "refusal",
    "response.reasoning_summary_text.delta": "reasoning_content",
    "response.reasoning_text.delta": "reasoning_content",
}


class ResponseTranslation(Translation):
    """One response, whole or as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self._completion = Completion(id="", model="")
        self._calls: dict[int, int] = {}  # the index of a call by that of its output item
        self._begun: set[int] = set()  # calls of whose arguments some were written

    def answer(self, answer: JsonObject) -> JsonObject:
        if answer.get("status", "completed") not in {"completed", "incomplete"}:
            raise ValueError("It has not come to its end.")
        message = _message(answer["output"])
        reason = from_responses(answer, has_calls="tool_calls" in message)
        return _completion(answer).whole(message, reason, _usage(answer))

    def event(self, event: JsonObject) -> Iterator[JsonObject]:
        match event["type"]:
            case "response.created":
                self._completion = _completion(event["response"])
                yield self._completion.opening()
            case kind if kind in TEXTS:
                yield self._completion.chunk({TEXTS[kind]: event["delta"]})
            case "response.output_item.added" if event["item"]["type"] == "function_call":
                yield self._call(event)
            case "response.function_call_arguments.delta":
                yield self._arguments(event["output_index"], event["delta"])
            case "response.output_item.done" if event["output_index"] in self._calls:
                yield from self._unwritten_arguments(event)
            case "response.completed" | "response.incomplete":
                yield from self._ended(event["response"])
            case "response.failed":
                yield {"error": event["response"]["error"]}
            case "error":
                yield {"error": {name: event.get(name) for name in ("message", "code", "param")}}

    def _call(self, event: JsonObject) -> JsonObject:
        item = event["item"]
        index = self._calls[event["output_index"]] = len(self._calls)
        call = tool_call(item["call_id"], item["name"], "")
        return self._completion.chunk({"tool_calls": [{"index": index} | call]})

    def _arguments(self, output_index: int, arguments: str) -> JsonObject:
        self._begun.add(output_index)
        call = {"index": self._calls[output_index], "function": {"arguments": arguments}}
        return self._completion.chunk({"tool_calls": [call]})

    def _unwritten_arguments(self, event: JsonObject) -> Iterator[JsonObject]:
        """Some upstreams give a call's arguments in one piece, at its end."""
        arguments = event["item"].get("arguments")
        if arguments and event["output_index"] not in self._begun:
            yield self._arguments(event["output_index"], arguments)

    def _ended(self, response: JsonObject) -> Iterator[JsonObject]:
        self.is_done = True
        reason = from_responses(response, has_calls=bool(self._calls))
        yield self._completion.chunk({}, reason)
        yield from self._completion.usage_chunks(_usage(response))


def _completion(response: JsonObject) -> Completion:
    return Completion(
        id=response["id"], model=response["model"], created=int(response["created_at"])
    )


def _message(output: list[JsonObject]) -> JsonObject:
    """The output items as the one message that a chat has."""
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    message: JsonObject = {"content": _joined(parts, "output_text", "text") or None}
    if refusal := _joined(parts, "refusal", "refusal"):
        message["refusal"] = refusal
    thoughts = [
        part["text"]
        for item in output
        if item["type"] == "reasoning"
        for part in [*item.get("summary", ()), *(item.get("content") or ())]
    ]
    if thoughts:
        message["reasoning_content"] = "\n".join(thoughts)
    calls = [item for item in output if item["type"] == "function_call"]
    if calls:
        message["tool_calls"] = [
            tool_call(call["call_id"], call["name"], call["arguments"]) for call in calls
        ]
    return message


def _joined(parts: list[JsonObject], kind: str, name: str) -> str:
    return "".join(part[name] for part in parts if part["type"] == kind)


def _usage(response: JsonObject) -> JsonObject | None:
    tokens = Tokens()
    read_usage(response.get("usage"), tokens)
    return chat_usage(tokens)
