"""A response of OpenAI's as the events of its stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def events_of(response: Json) -> list[Json]:
    """The stream that tells ``response``, which is complete; each text of it in two pieces."""
    begun = response | {"output": [], "status": "in_progress", "usage": None}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(response["output"]):
        events += [event | {"output_index": index} for event in _told(item)]
    events.append({"type": "response.completed", "response": response})
    return [event | {"sequence_number": n} for n, event in enumerate(events)]


def written(events: list[Json]) -> list[bytes]:
    """``events`` as they stand in a body."""
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]


def _told(item: Json) -> Iterator[Json]:
    """The events of one item of the output, without its place there."""
    at = {"item_id": item["id"]}
    match item["type"]:
        case "reasoning":
            [part] = item["summary"]
            empty = item | {"summary": [], "encrypted_content": ""}
            inner = _part_events("reasoning_summary", at | {"summary_index": 0}, part)
        case "message":
            [part] = item["content"]
            empty = item | {"content": [], "status": "in_progress"}
            inner = _part_events("output", at | {"content_index": 0}, part)
        case _:
            empty = item | {"arguments": "", "status": "in_progress"}
            whole = {"name": item["name"], "arguments": item["arguments"]}
            kind = "response.function_call_arguments"
            inner = [at | {"type": f"{kind}.delta", "delta": d} for d in _halves(item["arguments"])]
            inner.append(at | {"type": f"{kind}.done", **whole})
    yield {"type": "response.output_item.added", "item": empty}
    yield from inner
    yield {"type": "response.output_item.done", "item": item}


def _part_events(name: str, at: Json, part: Json) -> list[Json]:
    holder = "content" if name == "output" else name
    logprobs: Json = {"logprobs": []} if name == "output" else {}
    texts = [{"type": f"response.{name}_text.delta", "delta": d} for d in _halves(part["text"])]
    texts.append({"type": f"response.{name}_text.done", "text": part["text"]})
    return [
        at | {"type": f"response.{holder}_part.added", "part": part | {"text": ""}},
        *(at | logprobs | text for text in texts),
        at | {"type": f"response.{holder}_part.done", "part": part},
    ]


def _halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]
