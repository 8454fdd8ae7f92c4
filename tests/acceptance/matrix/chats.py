"""Upstreams with chat completions: what they accept, and how each of them says it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter
from typing_extensions import get_type_hints

from tests.acceptance.matrix.scenario import (
    USAGE,
    Call,
    Said,
    Seen,
    WrongRequestError,
    halves,
    validate,
)

WHOLE: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)
STREAM: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsStreaming)
OPENAI_FIELDS = get_type_hints(CompletionCreateParamsStreaming).keys()
OPENAI_MESSAGE_FIELDS = frozenset(
    {
        *("role", "content", "name", "tool_calls", "tool_call_id"),
        *("refusal", "annotations", "audio", "function_call"),
    }
)
Json = dict[str, Any]

OPENAI_USAGE = {
    "prompt_tokens": USAGE.prompt,
    "completion_tokens": USAGE.completion,
    "total_tokens": USAGE.prompt + USAGE.completion,
    "prompt_tokens_details": {"cached_tokens": USAGE.cached},
    "completion_tokens_details": {"reasoning_tokens": USAGE.reasoning},
}
DEEPSEEK_USAGE = {
    "prompt_tokens": USAGE.prompt,
    "completion_tokens": USAGE.completion,
    "total_tokens": USAGE.prompt + USAGE.completion,
    "prompt_cache_hit_tokens": USAGE.cached,
    "prompt_cache_miss_tokens": USAGE.prompt - USAGE.cached,
    "completion_tokens_details": {"reasoning_tokens": USAGE.reasoning},
}
# Google's tell of thinking in the total alone.
GEMINI_USAGE = {
    "prompt_tokens": USAGE.prompt,
    "completion_tokens": USAGE.completion - USAGE.reasoning,
    "total_tokens": USAGE.prompt + USAGE.completion,
    "prompt_tokens_details": {"cached_tokens": USAGE.cached},
}


def no_thought(said: Said) -> Json:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chats:
    """How one provider speaks chat completions.

    ``thought`` are the fields of a message in which it reasons, which it demands back; ``parts``
    the parts of content it reads. ``is_closed``: it knows OpenAI's fields alone.
    """

    thought: Callable[[Said], Json] = no_thought
    usage: Json
    parts: Sequence[str] = ("text", "image_url", "file")
    is_closed: bool = False
    signs_calls: bool = False
    ends_abruptly: bool = False

    def check(self, body: Json, told: Sequence[Said]) -> None:
        """Raises :class:`WrongRequestError`, or pydantic's ``ValidationError``."""
        validate(STREAM if body.get("stream") else WHOLE, body)
        messages = body["messages"]
        if self.is_closed and (unknown := _unknown(body)):
            raise WrongRequestError(f"Unrecognized request argument supplied: {unknown}")
        for message in messages:
            for kind in (part["type"] for part in _parts(message)):
                if kind not in self.parts:
                    raise WrongRequestError(f"unknown variant `{kind}`, expected {self.parts}")
        answers = [each for each in messages if each["role"] == "assistant"]
        for message, said in zip(answers, told, strict=False):
            self._check_memory(message, said)

    def _check_memory(self, message: Json, said: Said) -> None:
        for name, value in self.thought(said).items():
            if message.get(name) != value:
                raise WrongRequestError(f"`{name}` of turn {said.turn} is not as it was.")
        signed = [call.get("extra_content") for call in message.get("tool_calls", ())]
        if self.signs_calls and signed != [_signature(said, index) for index in range(len(signed))]:
            raise WrongRequestError("Function call is missing a thought_signature.")

    def seen(self, body: Json) -> Seen:
        seen = Seen(effort=body.get("reasoning_effort") or body.get("reasoning"))
        for message in body["messages"]:
            if message["role"] == "tool":
                seen.results[message["tool_call_id"]] = _text(message)
                continue
            seen.text += _text(message)
            for call in message.get("tool_calls") or ():
                told = call["function"]
                seen.calls[call["id"]] = (told["name"], json.loads(told["arguments"]))
            for part in _parts(message):
                if part["type"] == "image_url":
                    seen.images.append(part["image_url"]["url"])
                elif part["type"] == "file":
                    seen.documents.append(part["file"]["file_data"])
        for tool in body.get("tools") or ():
            seen.tools[tool["function"]["name"]] = tool["function"]["parameters"]
        seen.schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
        return seen

    def whole(self, said: Said, model: str) -> Json:
        message: Json = {"role": "assistant", "content": said.text or None, "refusal": None}
        message |= self.thought(said)
        if calls := [self._call(said, index) for index in range(len(said.calls))]:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(said)}
        return _shared(model, "chat.completion") | {"choices": [choice], "usage": self.usage}

    def events(self, said: Said, model: str) -> list[bytes]:
        shared = _shared(model, "chat.completion.chunk")
        chunks = [_choice(delta) for delta in self._deltas(said)]
        chunks.append(_choice({}, _finish(said)))
        chunks.append({"choices": [], "usage": self.usage})
        blocks = [b"data: %b\n\n" % json.dumps(shared | each).encode() for each in chunks]
        return [*blocks, b"data: [DONE]" if self.ends_abruptly else b"data: [DONE]\n\n"]

    def _deltas(self, said: Said) -> Iterator[Json]:
        yield {"role": "assistant", "content": ""}
        for name, value in self.thought(said).items():
            for piece in halves(value) if isinstance(value, str) else (value,):
                yield {name: piece}
        for piece in halves(said.text) if said.text else ():
            yield {"content": piece}
        for index in range(len(said.calls)):
            call = self._call(said, index) | {"index": index}
            function = call["function"]
            if self.signs_calls:  # Google's come in one piece
                yield {"tool_calls": [call]}
                continue
            first, second = halves(function["arguments"])
            yield {"tool_calls": [call | {"function": function | {"arguments": first}}]}
            yield {"tool_calls": [{"index": index, "function": {"arguments": second}}]}

    def _call(self, said: Said, index: int) -> Json:
        call: Call = said.calls[index]
        function = {"name": call.name, "arguments": json.dumps(call.arguments)}
        told = {"id": call.id, "type": "function", "function": function}
        signature = _signature(said, index) if self.signs_calls else None
        return told | ({"extra_content": signature} if signature else {})


def _signature(said: Said, index: int) -> Json | None:
    """Of several calls at once Google signs the first."""
    return None if index else {"google": {"thought_signature": said.signature}}


def _unknown(body: Json) -> list[str]:
    inner = (name for message in body["messages"] for name in message)
    return sorted({*body} - OPENAI_FIELDS | ({*inner} - OPENAI_MESSAGE_FIELDS))


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    return content if isinstance(content, list) else []


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in _parts(message))


def _finish(said: Said) -> str:
    return "tool_calls" if said.calls else "stop"


def _shared(model: str, kind: str) -> Json:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": model}


def _choice(delta: Json, finish_reason: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
    return {"choices": [choice]}
