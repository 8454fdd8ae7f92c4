"""One message of a chat as Anthropic's blocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_history import (
    HI,
    MARK,
    PNG,
    blocks,
    calling,
    history,
    image,
    result,
    text,
    user,
)
from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought, reasoning_fields
from wire_formats.errors import UnsendableError
from wire_formats.messages.request_from_chat.history import history_of


def test_what_could_not_be_given_before_is_left_out_and_named() -> None:
    made = history(
        user(text("See"), {"type": "input_audio"}), {"role": "assistant", "content": "a"}, HI
    )
    assert made.messages[0]["content"] == [text("See")]
    assert made.lost == ["messages.content"]


@pytest.mark.parametrize("empty", ["", " \n", [], [text(" ")], None])
def test_messages_of_blanks_are_left_out(empty: Any) -> None:
    made = history(
        {"role": "system", "content": empty},
        HI,
        {"role": "assistant", "content": empty},
        {"role": "user", "content": empty},
    )
    assert made.messages == [{"role": "user", "content": [text("Hi")]}]
    assert made.system == []


def test_a_mark_of_a_message_is_one_of_its_last_block() -> None:
    made = history({"role": "system", "content": "a", "cache_control": MARK}, HI)
    assert made.system == [text("a", cache_control=MARK)]
    made = history(HI, calling(("a", "{}")), result("a", [text("x", cache_control=MARK)]))
    assert blocks(made) == [
        {
            "type": "tool_result",
            "tool_use_id": "a",
            "content": [text("x")],
            "cache_control": MARK,
        }
    ]


@pytest.mark.parametrize("content", [5, {"a": 1}, [1, 2], True])
def test_a_tool_may_say_anything(content: Any) -> None:
    [answer] = blocks(history(HI, calling(("a", "{}")), result("a", content)))
    assert answer["content"][0]["type"] == "text"


def test_a_result_holds_images() -> None:
    [answer] = blocks(history(HI, calling(("a", "{}")), result("a", [image(PNG)])))
    assert answer["content"][0]["type"] == "image"


SIGNED = [
    Thought(text="Hm", signature="sig==", format=ANTHROPIC),
    Thought(text="", signature="hidden", format=ANTHROPIC),
    Thought(sealed="s3al", format=ANTHROPIC),
]


SIGNED_BLOCKS = [
    {"type": "thinking", "thinking": "Hm", "signature": "sig=="},
    {"type": "thinking", "thinking": "", "signature": "hidden"},
    {"type": "redacted_thinking", "data": "s3al"},
]


@pytest.mark.parametrize("field", ["thinking_blocks", "reasoning_details"])
def test_signed_thoughts_stand_before_the_call(field: str) -> None:
    fields = reasoning_fields(SIGNED)
    kept = {"reasoning_content": fields["reasoning_content"], field: fields[field]}
    made = history(HI, calling(("a", "{}"), content="Let me see.", **kept), result("a"))

    assert blocks(made, 1)[:3] == SIGNED_BLOCKS
    assert [block["type"] for block in blocks(made, 1)[3:]] == ["text", "tool_use"]
    assert made.lost == []
    assert not made.calls_without_thought


def test_thoughts_of_others_are_left_out_and_named() -> None:
    others = reasoning_fields([Thought(text="Hm", sealed="x", id="rs_1", format=OPENAI)])
    made = history(HI, calling(("a", "{}"), **others), result("a"))

    assert [block["type"] for block in blocks(made, 1)] == ["tool_use"]
    assert set(made.lost) == {"messages.reasoning_content", "messages.reasoning_details"}
    assert made.calls_without_thought


def test_thoughts_go_back_to_those_who_demand_them() -> None:
    messages = [HI, calling(("a", "{}"), reasoning_content="Hm"), result("a")]
    made = history_of({"messages": messages}, keeps_all_thoughts=True)

    assert blocks(made, 1)[0] == {"type": "thinking", "thinking": "Hm", "signature": ""}


def test_a_role_nobody_knows_is_refused() -> None:
    with pytest.raises(UnsendableError) as refused:
        history({"role": "narrator", "content": "Hi"})
    assert refused.value.param == "messages.0.role"
