"""Calls and their results, paired as strictly as Anthropic wants them."""

from __future__ import annotations

import pytest

from tests.wire_formats.messages.request_from_chat.test_history import (
    HI,
    VALID,
    blocks,
    calling,
    history,
    result,
    text,
)


@pytest.mark.parametrize("id_", ["functions.get:0", "a" * 469, "x=y", "é", "call|fc_1"])
def test_foreign_ids_are_mapped_alike_in_calls_and_results(id_: str) -> None:
    made = history(HI, calling((id_, "{}")), result(id_))
    again = history(HI, calling((id_, "{}")), result(id_))
    call, answer = blocks(made, 1)[0], blocks(made)[0]

    assert VALID.match(call["id"])
    assert call["id"] == answer["tool_use_id"]
    assert again.messages == made.messages
    assert made.lost == []


def test_valid_ids_stay() -> None:
    assert blocks(history(HI, calling(("toolu_1", "{}")), result("toolu_1")), 1)[0]["id"] == (
        "toolu_1"
    )


def test_ids_that_are_used_again_stay_apart() -> None:
    turn = [calling(("call_0", "{}"), ("call_1", "{}")), result("call_1"), result("call_0")]
    made = history(HI, *turn, *turn)
    calls = [[b["id"] for b in blocks(made, index)] for index in (1, 3)]
    answers = [[b["tool_use_id"] for b in blocks(made, index)] for index in (2, 4)]

    assert calls == answers == [["call_0", "call_1"], ["call_0_2", "call_1_2"]]


def test_a_call_without_a_result_gets_one_and_it_is_named() -> None:
    made = history(HI, calling(("a", "{}"), ("b", "{}")), result("b"), HI)
    missing, given, said = blocks(made)

    assert (missing["tool_use_id"], missing["is_error"]) == ("a", True)
    assert given["tool_use_id"] == "b"
    assert said == text("Hi")
    assert made.lost == ["messages.tool_calls"]
    assert blocks(history(HI, calling(("a", "{}"))))[0]["type"] == "tool_result"


def test_a_result_without_a_call_becomes_words() -> None:
    made = history(HI, result("gone", "sunny"))

    assert [block["type"] for block in blocks(made)] == ["text"] * 3
    assert blocks(made)[-1] == text("sunny")
    assert made.lost == ["messages.tool_call_id"]


def test_results_stand_before_what_the_user_said() -> None:
    made = history(HI, calling(("a", "{}"), ("b", "{}")), result("a"), HI, result("b"))
    assert [block["type"] for block in blocks(made)] == ["tool_result", "tool_result", "text"]


def test_the_older_form_of_calls_is_paired_by_name() -> None:
    made = history(
        HI,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "4"},
    )
    call, answer = blocks(made, 1)[0], blocks(made)[0]
    assert (call["name"], call["id"]) == ("f", answer["tool_use_id"])
    assert made.lost == []
