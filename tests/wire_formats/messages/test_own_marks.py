"""Conversations that go on where Messages are spoken."""

from __future__ import annotations

import pytest

from wire_formats.chat.reasoning import Thought
from wire_formats.messages.carried import carried_signatures, carried_thoughts
from wire_formats.messages.own_marks import without_carried

CARRIED = carried_thoughts([Thought(text="Hm.")], spelling="reasoning", model="m")
TEXT = {"type": "text", "text": "Hi"}
THEIRS = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": CARRIED},
        {"type": "redacted_thinking", "data": carried_signatures({"c": "s"}, model="m")},
    ],
)
def test_thinking_that_came_from_chats_is_left_out(block):
    said = {"role": "assistant", "content": [block, THEIRS, TEXT]}
    kept = without_carried({"messages": [USER, said], "max_tokens": 9})
    assert kept == {"messages": [USER, said | {"content": [THEIRS, TEXT]}], "max_tokens": 9}
    alone = {"role": "assistant", "content": [block]}
    assert without_carried({"messages": [USER, alone]}) == {"messages": [USER]}


@pytest.mark.parametrize("content", ["Hi", [THEIRS, TEXT], [5, {}], None])
def test_what_holds_none_stays_the_same_object(content):
    body = {"messages": [{"role": "assistant", "content": content}, 5]}
    assert without_carried(body) is body
