"""A client that asked for the stream of a response gets one, even if it comes in one piece."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest

from tests.support.stream_events import parsed
from wire_formats.responses.dialect import RESPONSES
from wire_formats.responses.whole_as_stream import response_events

RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "error": None,
    "output": [],
    "usage": {
        "input_tokens": 9,
        "output_tokens": 2,
        "input_tokens_details": {"cached_tokens": 4},
    },
}
TEXT = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}
REFUSAL = {"type": "refusal", "refusal": "No."}
FAILURE = {"code": "server_error", "message": "Boom."}


def a_message(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "status": "completed", "content": list(parts)}


def of_item(item: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of one item, without what all of them say."""
    answer = RESPONSE | {"output": [{"type": "web_search_call"}, item]}
    inner = parsed(response_events(answer))[4:-1]
    for event in inner:
        assert event.pop("output_index") == 1
        assert event.pop("item_id", item.get("id")) == item.get("id")
        assert event.pop("sequence_number") > 3
    return inner


def test_a_response_is_told_in_order() -> None:
    answer = RESPONSE | {"output": [a_message(TEXT)]}
    events = parsed(response_events(answer))
    assert [event["type"].removeprefix("response.") for event in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in events] == list(range(9))
    assert events[-1]["response"] == answer


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_is_known_at_the_start(place: int) -> None:
    answer = RESPONSE | {"output": [a_message(TEXT)], "status": "incomplete"}
    answer |= {"incomplete_details": {"reason": "max_output_tokens"}}
    begun = parsed(response_events(answer))[place]["response"]
    assert (begun["id"], begun["status"], begun["output"]) == ("resp_1", "in_progress", [])
    assert (begun["usage"], begun["incomplete_details"]) == (None, None)


def test_a_text_and_what_is_noted_of_it() -> None:
    note = {"type": "url_citation", "url": "https://example.org/"}
    part = TEXT | {"annotations": [note], "logprobs": [{"token": "Hi", "logprob": -0.1}]}
    here = {"content_index": 0}
    told = here | {"logprobs": part["logprobs"]}
    empty = part | {"text": "", "annotations": [], "logprobs": []}
    message = a_message(part)
    begun = message | {"status": "in_progress", "content": []}
    noted = {"annotation_index": 0, "annotation": note}
    assert of_item(message) == [
        {"type": "response.output_item.added", "item": begun},
        {"type": "response.content_part.added", **here, "part": empty},
        {"type": "response.output_text.delta", **told, "delta": "Hi"},
        {"type": "response.output_text.annotation.added", **here, **noted},
        {"type": "response.output_text.done", **told, "text": "Hi"},
        {"type": "response.content_part.done", **here, "part": part},
        {"type": "response.output_item.done", "item": message},
    ]


def test_a_refusal_beside_a_text() -> None:
    here = {"content_index": 1}
    assert of_item(a_message(TEXT, REFUSAL))[5:-1] == [
        {"type": "response.content_part.added", **here, "part": REFUSAL | {"refusal": ""}},
        {"type": "response.refusal.delta", **here, "delta": "No."},
        {"type": "response.refusal.done", **here, "refusal": "No."},
        {"type": "response.content_part.done", **here, "part": REFUSAL},
    ]


@pytest.mark.parametrize(
    ("kind", "field", "events"),
    [
        ("function_call", "arguments", "function_call_arguments"),
        ("custom_tool_call", "input", "custom_tool_call_input"),
        ("mcp_call", "arguments", "mcp_call_arguments"),
    ],
)
def test_a_call(kind: str, field: str, events: str) -> None:
    call = {"type": kind, "id": "fc_1", "call_id": "call_1", "status": "completed", field: "{}"}
    assert of_item(call) == [
        {"type": "response.output_item.added", "item": call | {"status": "in_progress", field: ""}},
        {"type": f"response.{events}.delta", "delta": "{}"},
        {"type": f"response.{events}.done", field: "{}"},
        {"type": "response.output_item.done", "item": call},
    ]


def test_reasoning_and_its_summary() -> None:
    summary, text = {"type": "summary_text", "text": "hm"}, {"type": "reasoning_text", "text": "?"}
    item = {"type": "reasoning", "id": "rs_1", "summary": [summary], "content": [text]}
    added, *between, done = of_item(item)
    assert (added["item"], done["item"]) == (item | {"summary": [], "content": []}, item)
    assert between == [
        {
            "type": "response.reasoning_summary_part.added",
            "summary_index": 0,
            "part": summary | {"text": ""},
        },
        {"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": "hm"},
        {"type": "response.reasoning_summary_text.done", "summary_index": 0, "text": "hm"},
        {"type": "response.reasoning_summary_part.done", "summary_index": 0, "part": summary},
        {
            "type": "response.content_part.added",
            "content_index": 0,
            "part": text | {"text": ""},
        },
        {"type": "response.reasoning_text.delta", "content_index": 0, "delta": "?"},
        {"type": "response.reasoning_text.done", "content_index": 0, "text": "?"},
        {"type": "response.content_part.done", "content_index": 0, "part": text},
    ]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "image_generation_call", "id": "ig_1", "result": "aGk="},
        {"type": "function_call", "id": "fc_1", "arguments": None},
        {"type": "message", "id": "msg_1", "content": "Hi"},
        {"type": {}},
        {},
    ],
)
def test_other_items_are_told_whole(item: dict[str, Any]) -> None:
    added, done = of_item(item)
    assert done == {"type": "response.output_item.done", "item": item}
    assert set(added["item"]) == set(item)


def test_no_delta_is_empty() -> None:
    events = of_item({"type": "function_call", "id": "fc_1", "arguments": ""})
    assert [event["type"].rsplit(".", 1)[1] for event in events] == ["added", "done", "done"]


@pytest.mark.parametrize(
    ("fields", "ending"),
    [
        ({"status": None}, "completed"),
        ({"status": "incomplete"}, "incomplete"),
        ({"status": "failed"}, "failed"),
        ({"status": "failed", "error": FAILURE}, "failed"),
        ({"status": "completed", "error": FAILURE}, "failed"),
    ],
)
def test_a_response_ends_as_its_status_says(fields: dict[str, Any], ending: str) -> None:
    events = parsed(response_events(RESPONSE | fields))
    assert events[-1]["type"] == f"response.{ending}"
    assert events[-1]["response"] == RESPONSE | fields
    assert all(event["response"]["error"] is None for event in events[:-1])


@pytest.mark.parametrize("output", [{}, {"output": None}])
def test_a_failure_needs_no_output(output: dict[str, Any]) -> None:
    answer = {"id": "resp_1", "object": "response", "status": "failed", "error": FAILURE} | output
    events = parsed(response_events(answer))
    assert events[-1]["response"] == answer


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"object": "response"},
        RESPONSE | {"object": "chat.completion"},
        RESPONSE | {"output": [1]},
        *(
            RESPONSE | {"status": status}
            for status in ("queued", "in_progress", "cancelled", ["completed"])
        ),
    ],
)
def test_an_object_that_is_no_response_or_not_at_its_end_is_not_told(
    answer: dict[str, Any],
) -> None:
    assert response_events(answer) == b""


def test_one_that_is_nested_too_deeply_to_be_written_is_not_told() -> None:
    metadata: list[Any] = reduce(lambda inner, _: [inner], range(300), [])
    assert RESPONSES.stream_of(RESPONSE | {"metadata": metadata}) == b""


def test_events_may_begin_at_a_later_one() -> None:
    answer = RESPONSE | {"output": [a_message(TEXT)]}
    events = parsed(response_events(answer))
    assert parsed(response_events(answer, first=4)) == events[4:]
    assert response_events(answer, first=len(events)) == b""
