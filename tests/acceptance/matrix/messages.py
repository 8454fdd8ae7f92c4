"""Upstreams with Anthropic's Messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from pydantic import TypeAdapter
from typing_extensions import get_type_hints

from tests.acceptance.matrix.scenario import (
    USAGE,
    Said,
    Seen,
    WrongRequestError,
    halves,
    validate,
)

WHOLE: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsNonStreaming)
STREAM: TypeAdapter[Any] = TypeAdapter(MessageCreateParamsStreaming)
FIELDS = get_type_hints(MessageCreateParamsStreaming).keys()
Json = dict[str, Any]
USAGE_TOLD = {
    "input_tokens": USAGE.prompt - USAGE.cached,
    "cache_creation_input_tokens": 0,
    "cache_read_input_tokens": USAGE.cached,
    "output_tokens": USAGE.completion,
    "output_tokens_details": {"thinking_tokens": USAGE.reasoning},
}


class Messages:
    """As Anthropic's own: no field it does not know, and no thought that was touched."""

    def check(self, body: Json, told: Sequence[Said]) -> None:
        """Raises :class:`WrongRequestError`, or pydantic's ``ValidationError``."""
        validate(STREAM if body.get("stream") else WHOLE, body)
        if unknown := {*body} - FIELDS:
            raise WrongRequestError(f"{sorted(unknown)}: Extra inputs are not permitted")
        answers = [each["content"] for each in body["messages"] if each["role"] == "assistant"]
        for content, said in zip(answers, told, strict=False):
            if _thoughts(content) != _thoughts(blocks_of(said)):
                raise WrongRequestError("`thinking` blocks cannot be modified.")
        turns = [each["role"] for each in body["messages"]]
        if any(first == second for first, second in pairwise(turns)):
            raise WrongRequestError("roles must alternate")

    def seen(self, body: Json) -> Seen:
        seen = Seen(text=_text(body.get("system") or ""))
        seen.effort = body.get("thinking") or body.get("output_config", {}).get("effort")
        seen.schema = (body.get("output_config", {}).get("format") or {}).get("schema")
        for message in body["messages"]:
            content = message["content"]
            if isinstance(content, str):
                seen.text += content
                continue
            for block in content:
                self._read(block, seen)
        for tool in body.get("tools") or ():
            seen.tools[tool["name"]] = tool["input_schema"]
        return seen

    def _read(self, block: Json, seen: Seen) -> None:
        match block["type"]:
            case "text":
                seen.text += block["text"]
            case "tool_use":
                seen.calls[block["id"]] = (block["name"], block["input"])
            case "tool_result":
                seen.results[block["tool_use_id"]] = _text(block["content"])
            case "image":
                seen.images.append(_url(block["source"]))
            case "document":
                seen.documents.append(_url(block["source"]))

    def whole(self, said: Said, model: str) -> Json:
        return {
            "id": "msg_matrix",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": blocks_of(said),
            "stop_reason": "tool_use" if said.calls else "end_turn",
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
            "usage": USAGE_TOLD,
        }

    def events(self, said: Said, model: str) -> list[bytes]:
        whole = self.whole(said, model)
        begun = whole | {"content": [], "stop_reason": None}
        begun["usage"] = USAGE_TOLD | {"output_tokens": 1}
        delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
        delta |= {"stop_details": None, "container": None}
        events = [{"type": "message_start", "message": begun}]
        for index, block in enumerate(whole["content"]):
            events += [event | {"index": index} for event in _told(block)]
        events.append({"type": "message_delta", "delta": delta, "usage": USAGE_TOLD})
        events.append({"type": "message_stop"})
        return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def blocks_of(said: Said) -> list[Json]:
    blocks: list[Json] = []
    if said.thought:
        thought = {"type": "thinking", "thinking": said.thought, "signature": said.signature}
        blocks += [thought, {"type": "redacted_thinking", "data": f"s3al+{said.turn}=="}]
    if said.text:
        blocks.append({"type": "text", "text": said.text, "citations": None})
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments}
        for call in said.calls
    ]
    return blocks


def _told(block: Json) -> Iterator[Json]:
    start, deltas = block, []
    match block["type"]:
        case "thinking":
            start = block | {"thinking": "", "signature": ""}
            deltas = [{"type": "thinking_delta", "thinking": d} for d in halves(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
        case "text":
            start = block | {"text": ""}
            deltas = [{"type": "text_delta", "text": d} for d in halves(block["text"])]
        case "tool_use":
            start = block | {"input": {}}
            written = halves(json.dumps(block["input"]))
            deltas = [{"type": "input_json_delta", "partial_json": d} for d in written]
    yield {"type": "content_block_start", "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "delta": delta}
    yield {"type": "content_block_stop"}


def _thoughts(content: Any) -> list[Json]:
    blocks = content if isinstance(content, list) else []
    return [block for block in blocks if "thinking" in block["type"]]


def _url(source: Json) -> str:
    if source["type"] == "url":
        return str(source["url"])
    return f"data:{source['media_type']};base64,{source['data']}"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content)
