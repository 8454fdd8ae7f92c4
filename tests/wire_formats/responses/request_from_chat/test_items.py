"""The messages of a chat as the input items of a response."""

from __future__ import annotations

import pytest

from tests.wire_formats.responses.request_from_chat.test_request import HI, ITEM, sent, written
from wire_formats.chat.reasoning import ANTHROPIC, GOOGLE, OPENAI, Thought, reasoning_fields
from wire_formats.errors import UnsendableError

CALLED = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": "{}"},
}


def test_images_files_calls_and_results_are_items() -> None:
    url = "data:image/png;base64,iVBO"
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
            ],
        },
        {"role": "assistant", "content": "Wait.", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "call_1", "content": "22°"},
    ]
    asked, said, call, result = sent(messages)["input"]
    assert asked["content"] == [
        {"type": "input_image", "image_url": url, "detail": "low"},
        {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
    ]
    assert said == {"role": "assistant", "content": "Wait."}
    assert call == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_weather",
        "arguments": "{}",
    }
    assert result == {"type": "function_call_output", "call_id": "call_1", "output": "22°"}


def past(*messages: dict, **fields: object) -> list[dict]:
    """The items of a conversation that goes on after ``messages``."""
    request = sent([*messages, *HI], **fields)
    *items, last = request["input"]
    assert last == ITEM
    return items


def answered(call: dict = CALLED, content: object = "22°", **said: object) -> list[dict]:
    return [
        {"role": "assistant", "content": None, "tool_calls": [call], **said},
        {"role": "tool", "tool_call_id": call["id"], "content": content},
    ]


def test_reasoning_comes_back_before_the_calls_that_it_led_to() -> None:
    thought = Thought(text="Hm", is_summary=True, sealed="gAAA", id="rs_1", format=OPENAI)
    reasoning, call, _ = past(*answered(**reasoning_fields([thought])))
    assert reasoning == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "gAAA",
    }
    assert call["type"] == "function_call"


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm"},
        reasoning_fields([Thought(text="Hm", id="rs_1", format=OPENAI)]),
        reasoning_fields([Thought(text="Hm", signature="x", format=ANTHROPIC)]),
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "format": GOOGLE}]},
    ],
)
def test_reasoning_that_openai_cannot_read_is_left_out_and_named(fields: dict) -> None:
    messages = [*answered(**fields), *HI]
    request = written(messages)
    kinds = [item.get("type") for item in request.body["input"]]
    assert kinds == ["function_call", "function_call_output", "message"]
    assert set(request.dropped) == {f"messages.{name}" for name in fields}


def test_results_may_hold_images() -> None:
    parts = [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
    ]
    _, result = past(*answered(content=parts))
    assert result["output"] == [
        {"type": "input_text", "text": "See"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"},
    ]
    _, result = past(*answered(content=parts[:1] * 2))
    assert result["output"] == "See\nSee"


def test_custom_tools_are_called_and_answered_as_such() -> None:
    custom = {"id": "call_2", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}
    call, result = past(*answered(custom))
    assert call == {
        "type": "custom_tool_call",
        "call_id": "call_2",
        "name": "sql",
        "input": "select 1",
    }
    assert result["type"] == "custom_tool_call_output"


def test_long_ids_are_shortened_alike() -> None:
    call, result = past(*answered(CALLED | {"id": "x" * 469}))
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


@pytest.mark.parametrize("arguments", [{"city": "Oslo"}, '{"city":"Oslo"}'])
def test_arguments_may_be_an_object(arguments: object) -> None:
    function = {"name": "get_weather", "arguments": arguments}
    call, _ = past(*answered(CALLED | {"function": function}))
    assert call["arguments"] == '{"city":"Oslo"}'


def test_broken_arguments_stay_as_they_are() -> None:
    call, _ = past(*answered(CALLED | {"function": {"name": "f", "arguments": '{"city": '}}))
    assert call["arguments"] == '{"city": '


def test_calls_without_result_and_results_without_call_do_no_harm() -> None:
    alone = {"role": "tool", "tool_call_id": "other", "content": "22°"}
    call, result, told = past({"role": "assistant", "tool_calls": [CALLED]}, alone)
    assert (call["call_id"], result["call_id"]) == ("call_1", "call_1")
    assert told["role"] == "user"
    assert told["content"][1]["text"] == "22°"


def test_functions_of_old_are_called_and_answered() -> None:
    said = {"role": "assistant", "content": None, "function_call": CALLED["function"]}
    call, result = past(said, {"role": "function", "name": "get_weather", "content": "22°"})
    assert call["call_id"] == result["call_id"]
    assert result["output"] == "22°"


def test_a_refusal_stays_in_the_past_as_text() -> None:
    [said] = past({"role": "assistant", "content": None, "refusal": "No."})
    assert said == {"role": "assistant", "content": "No."}


@pytest.mark.parametrize("odd", [None, 5, {}, {"id": "x"}, {"function": {"name": "f"}}])
def test_odd_calls_are_left_out_and_named(odd: object) -> None:
    messages = [{"role": "assistant", "content": "Hi", "tool_calls": [odd]}, *HI]
    request = written(messages)
    assert len(request.body["input"]) == 2
    assert request.dropped == ("messages.tool_calls",)


def test_only_a_part_that_is_asked_about_is_refused() -> None:
    sound = {"role": "user", "content": [{"type": "input_audio"}, {"type": "text", "text": "Hi"}]}
    with pytest.raises(UnsendableError) as caught:
        sent([sound])
    assert caught.value.param == "messages.0.content.0"
    [told, _] = past(sound, {"role": "assistant", "content": "Hello"})
    assert told == ITEM


def test_a_message_of_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnsendableError):
        sent([{"role": "narrator", "content": "x"}])
