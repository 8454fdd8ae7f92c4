"""A model's reasoning in thinking blocks that clients return unread."""

from __future__ import annotations

import pytest

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought, reasoning_fields
from wire_formats.messages.answer_from_chat.thoughts import (
    StreamedReasoning,
    reasoning_field_of,
    signature_of,
    thinking_blocks,
    with_text,
)
from wire_formats.messages.carried import read_carried


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reasoning_content": "Hm"}, "reasoning_content"),
        ({"reasoning": "Hm"}, "reasoning"),
        ({"content": [{"type": "thinking", "thinking": "Hm"}]}, "content"),
        ({"content": [{"type": "text", "text": "Hi"}]}, ""),
        ({"reasoning_details": []}, "reasoning"),
        ({"content": "Hi"}, ""),
    ],
)
def test_the_field_that_told_it_is_known(said, field):
    assert reasoning_field_of(said) == field


def test_anthropics_own_stay_and_others_are_carried():
    own = Thought(text="Hm", signature="sig", format=ANTHROPIC)
    other = Thought(text="So", is_summary=True, sealed="gAAA", id="rs_1", format=OPENAI)
    first, second = thinking_blocks(reasoning_fields([own, other]), model="m")
    assert first == {"type": "thinking", "thinking": "Hm", "signature": "sig"}
    assert read_carried(second["signature"]).with_text("So") == (other,)


def test_a_text_that_was_told_twice_is_told_once():
    told = Thought(text="Hm", sealed="x")
    assert with_text([told], "Hm") == [told]
    assert with_text([told], "Hmm.") == [Thought(text="Hmm.", sealed="x")]
    assert with_text([], "Hm") == [Thought(text="Hm")]


def test_only_one_signed_thought_proves_itself():
    own = Thought(text="Hm", signature="sig", format=ANTHROPIC)
    assert signature_of([own], reasoning_field="reasoning", model="m") == "sig"
    assert (
        read_carried(signature_of([own, own], reasoning_field="reasoning", model="m")) is not None
    )


def test_a_stream_tells_pieces_and_keeps_what_is_sealed_for_the_end():
    streamed = StreamedReasoning()
    detail = {"type": "reasoning.encrypted", "data": "x", "format": OPENAI, "id": "rs_1"}
    assert [streamed.take({"reasoning": piece}) for piece in ("H", "m")] == ["H", "m"]
    sealing = {"reasoning_details": [detail]}
    assert (streamed.take(sealing), streamed.is_over(sealing)) == ("", True)
    assert [(each.text, each.sealed) for each in streamed.thoughts()] == [("Hm", "x")]
    assert streamed.thoughts() == []
