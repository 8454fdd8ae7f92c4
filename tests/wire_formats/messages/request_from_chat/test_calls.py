"""The calls of an assistant's message as blocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_history import HI, calling, history, text
from wire_formats.messages.request_from_chat.calls import calls_of


@pytest.mark.parametrize(
    ("arguments", "expected", "is_named"),
    [
        ('{"a": 1}', {"a": 1}, False),
        ({"a": 1}, {"a": 1}, False),
        ("", {}, False),
        (None, {}, False),
        ('{"a":', {"arguments": '{"a":'}, True),
        ("[1]", {"arguments": [1]}, True),
        ('"x"', {"arguments": "x"}, True),
    ],
)
def test_arguments_of_any_kind_are_an_object(
    arguments: Any, expected: dict[str, Any], is_named: bool
) -> None:
    lost: list[str] = []
    [block] = calls_of(calling(("a", arguments)), lost)
    assert block == {"type": "tool_use", "id": "a", "name": "f", "input": expected}
    assert lost == (["messages.tool_calls"] if is_named else [])


def test_calls_that_are_none_are_left_out_and_named() -> None:
    made = history(HI, {"role": "assistant", "content": "a", "tool_calls": [5, {"id": "x"}]}, HI)
    assert made.messages[1]["content"] == [text("a")]
    assert made.lost == ["messages.tool_calls"] * 2


def test_custom_calls_are_calls_with_text() -> None:
    call = {"id": "a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    [block] = calls_of({"role": "assistant", "tool_calls": [call]}, [])
    assert block["input"] == {"input": "ls"}


def test_a_mark_is_kept_and_a_foreign_name_fitted() -> None:
    mark = {"type": "ephemeral"}
    call = {"function": {"name": "a.b", "arguments": "{}"}, "cache_control": mark}
    [block] = calls_of({"role": "assistant", "tool_calls": [call]}, [])
    assert (block["id"], block["cache_control"]) == ("", mark)
    assert block["name"].startswith("a_b_")


def test_all_arguments_of_a_request_have_one_budget() -> None:
    many = "[" + "[]," * 150_000 + "[]]"
    turns = []
    for place in range(8):
        id_ = f"call_{place}"
        turns += [calling((id_, many)), {"role": "tool", "tool_call_id": id_, "content": "4"}]
    told = history(HI, *turns)
    inputs = [
        block["input"]["arguments"]
        for message in told.messages
        for block in message["content"]
        if block["type"] == "tool_use"
    ]
    assert isinstance(inputs[0], list)
    assert inputs[-1] == many
    assert "messages.tool_calls" in told.lost


def test_arguments_that_are_nested_too_deeply_stay_a_text() -> None:
    lost: list[str] = []
    deep = '{"a":' * 250 + "1" + "}" * 250
    [block] = calls_of(calling(("a", deep)), lost)
    assert (block["input"], lost) == ({"arguments": deep}, ["messages.tool_calls"])
