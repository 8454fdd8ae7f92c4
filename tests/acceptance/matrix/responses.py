"""Upstreams with OpenAI's Responses API."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter
from typing_extensions import get_type_hints

from tests.acceptance.matrix.scenario import (
    USAGE,
    Said,
    Seen,
    WrongRequestError,
    validate,
)
from tests.support.response_events import events_of, written

WHOLE: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsNonStreaming)
STREAM: TypeAdapter[Any] = TypeAdapter(ResponseCreateParamsStreaming)
FIELDS = get_type_hints(ResponseCreateParamsStreaming).keys()
Json = dict[str, Any]
USAGE_TOLD = {
    "input_tokens": USAGE.prompt,
    "input_tokens_details": {"cached_tokens": USAGE.cached, "cache_write_tokens": 0},
    "output_tokens": USAGE.completion,
    "output_tokens_details": {"reasoning_tokens": USAGE.reasoning},
    "total_tokens": USAGE.prompt + USAGE.completion,
}


class Responses:
    """As OpenAI's own: it knows its fields alone, and takes no thought back that was changed."""

    def check(self, body: Json, told: Sequence[Said]) -> None:
        """Raises :class:`WrongRequestError`, or pydantic's ``ValidationError``."""
        validate(STREAM if body.get("stream") else WHOLE, body)
        if unknown := {*body} - FIELDS:
            raise WrongRequestError(f"Unknown parameter: {sorted(unknown)}")
        items = body["input"] if isinstance(body["input"], list) else []
        back = [item for item in items if item.get("type") == "reasoning"]
        calls = {item["call_id"] for item in items if item.get("type") == "function_call"}
        if calls and [_sealed(item) for item in back] != [_sealed(t) for t in _thoughts(told)]:
            raise WrongRequestError("The encrypted content could not be verified.")

    def seen(self, body: Json) -> Seen:
        seen = Seen(text=body.get("instructions") or "")
        seen.effort = (body.get("reasoning") or {}).get("effort")
        given = body["input"]
        for item in [{"content": given}] if isinstance(given, str) else given:
            self._read(item, seen)
        for tool in body.get("tools") or ():
            seen.tools[tool["name"]] = tool["parameters"]
        seen.schema = (body.get("text") or {}).get("format", {}).get("schema")
        return seen

    def _read(self, item: Json, seen: Seen) -> None:
        match item.get("type", "message"):
            case "function_call":
                seen.calls[item["call_id"]] = (item["name"], json.loads(item["arguments"]))
            case "function_call_output":
                seen.results[item["call_id"]] = _text(item["output"])
            case "message":
                seen.text += _text(item["content"])
                for part in item["content"] if isinstance(item["content"], list) else ():
                    if part["type"] == "input_image":
                        seen.images.append(part["image_url"])
                    elif part["type"] == "input_file":
                        seen.documents.append(part["file_data"])

    def whole(self, said: Said, model: str) -> Json:
        return _response(model, output=items_of(said), status="completed", usage=USAGE_TOLD)

    def events(self, said: Said, model: str) -> list[bytes]:
        return written(events_of(self.whole(said, model)))


def items_of(said: Said) -> list[Json]:
    items: list[Json] = []
    if said.thought:
        summary = [{"type": "summary_text", "text": said.thought}]
        own = {"id": f"rs_{said.turn}", "encrypted_content": said.signature}
        items.append({"type": "reasoning", "summary": summary, **own})
    if said.text:
        part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        own = {"id": f"msg_{said.turn}", "role": "assistant", "status": "completed"}
        items.append({"type": "message", "content": [part], **own})
    for index, call in enumerate(said.calls):
        own = {"id": f"fc_{said.turn}_{index}", "status": "completed", "call_id": call.id}
        told = {"name": call.name, "arguments": json.dumps(call.arguments)}
        items.append({"type": "function_call", **own, **told})
    return items


def _response(model: str, **fields: Any) -> Json:
    return {
        "id": "resp_matrix",
        "object": "response",
        "created_at": 1_790_000_000,
        "model": model,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        **fields,
    }


def _thoughts(told: Sequence[Said]) -> list[Json]:
    return [item for said in told for item in items_of(said) if item["type"] == "reasoning"]


def _sealed(item: Json) -> Any:
    return item.get("encrypted_content")


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)
