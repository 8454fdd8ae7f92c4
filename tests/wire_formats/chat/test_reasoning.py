"""Reasoning is read from every field it may stand in, and written so that it can come back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.chat.reasoning import (
    ANTHROPIC,
    OPENAI,
    Thought,
    move_reasoning,
    reasoning_field_of,
    reasoning_fields,
    reasoning_text,
    spoken_text,
    thoughts_of,
)

MAGISTRAL = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
    {"type": "text", "text": "Four."},
]


@pytest.mark.parametrize(
    "message",
    [
        {"reasoning_content": "Hm."},
        {"reasoning": "Hm."},
        {"content": MAGISTRAL},
        {"content": [{"type": "thinking", "thinking": "Hm."}]},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm."}]},
    ],
)
def test_text_is_found_in_every_field(message: dict[str, Any]) -> None:
    assert reasoning_text(message) == "Hm."
    assert thoughts_of(message) == [Thought(text="Hm.")]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"reasoning_content": None, "reasoning": "", "content": "Four."},
        {"reasoning_content": 7, "reasoning_details": "Hm.", "thinking_blocks": {}},
        {"reasoning_details": [None, 7, {"type": "other"}], "thinking_blocks": [None]},
    ],
)
def test_what_is_no_reasoning_is_none(message: dict[str, Any]) -> None:
    assert thoughts_of(message) == []


def test_an_answer_in_parts_says_its_texts() -> None:
    assert spoken_text(MAGISTRAL) == "Four."
    assert spoken_text("Four.") == "Four."
    assert spoken_text(None) == ""


def test_pieces_of_a_stream_become_one_thought() -> None:
    shared = {"format": ANTHROPIC, "index": 0}
    details = [
        {"type": "reasoning.text", "text": "Let me", **shared},
        {"type": "reasoning.text", "text": " see.", **shared},
        {"type": "reasoning.text", "signature": "c2ln", **shared},
        {"type": "reasoning.encrypted", "data": "ZGF0YQ", **shared, "index": 1},
    ]
    assert thoughts_of({"reasoning_details": details}) == [
        Thought(text="Let me see.", signature="c2ln", format=ANTHROPIC),
        Thought(sealed="ZGF0YQ", format=ANTHROPIC),
    ]


def test_a_summary_and_what_is_sealed_of_one_item_are_one_thought() -> None:
    thought = Thought(text="Sum.", is_summary=True, sealed="ZGF0YQ", id="rs_1", format=OPENAI)
    assert thoughts_of(reasoning_fields([thought])) == [thought]


def test_anthropics_blocks_are_read_and_written() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ"},
    ]
    assert reasoning_fields(thoughts_of({"thinking_blocks": blocks}))["thinking_blocks"] == blocks


texts = st.text(min_size=1, max_size=20)
signed = st.builds(Thought, text=texts, signature=texts, format=st.just(ANTHROPIC))
redacted = st.builds(Thought, sealed=texts, format=st.just(ANTHROPIC))


@given(st.lists(st.one_of(signed, redacted), max_size=5))
def test_signed_thoughts_come_back_as_they_were(thoughts: list[Thought]) -> None:
    assert thoughts_of(reasoning_fields(thoughts)) == thoughts


@given(st.lists(texts, min_size=1, max_size=5, unique=True), texts)
def test_items_of_responses_come_back_as_they_were(ids: list[str], sealed: str) -> None:
    thoughts = [
        Thought(text="Sum.", is_summary=True, sealed=sealed, id=each, format=OPENAI) for each in ids
    ]
    assert thoughts_of(reasoning_fields(thoughts)) == thoughts


def test_no_two_details_share_an_index() -> None:
    """openai's SDK takes pieces of a stream with the same index for pieces of the same detail."""
    item = Thought(text="Hm.", is_summary=True, sealed="gAAA", id="rs_1", format=OPENAI)
    details = reasoning_fields([item, replace(item, id="rs_2")])["reasoning_details"]
    assert [each["index"] for each in details] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reasoning_content": "Hm.", "content": "Hi"}, "reasoning_content"),
        ({"reasoning": "Hm.", "content": None}, "reasoning"),
        ({"content": [*MAGISTRAL[:1], {"type": "text", "text": "Hi"}]}, "content"),
        ({"content": MAGISTRAL[:1]}, "content"),
    ],
)
def test_reasoning_goes_back_where_it_was_told(said: dict[str, Any], field: str) -> None:
    assert reasoning_field_of(said) == field
    plain = {"content": spoken_text(said["content"]), "reasoning_content": reasoning_text(said)}
    move_reasoning(plain, field)
    assert plain == said | ({} if said["content"] else {"content": ""})


def test_without_reasoning_there_is_nothing_to_spell() -> None:
    assert reasoning_field_of({"content": [{"type": "text", "text": "Hi"}]}) == ""
    for field in ("", "reasoning", "content"):
        message = {"content": "Hi"}
        move_reasoning(message, field)
        assert message == {"content": "Hi"}
