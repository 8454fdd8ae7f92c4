"""Pieces of a stream's reasoning, put together."""

from wire_formats.chat.detail_pieces import joined_details
from wire_formats.chat.reasoning import Thought, once, thoughts_of

SHARED = {"type": "reasoning.text", "format": "anthropic-claude-v1", "id": None, "index": 0}


def test_pieces_of_one_index_are_one_entry():
    pieces = [
        SHARED | {"text": "I "},
        SHARED | {"text": "think.", "id": "rs_12345"},
        SHARED | {"signature": "c2ln"},
    ]
    expected = SHARED | {"text": "I think.", "id": "rs_12345", "signature": "c2ln"}
    assert joined_details(pieces) == [expected]


def test_other_indices_types_and_seals_are_other_entries():
    sealed = {"type": "reasoning.encrypted", "data": "x", "index": 0, "id": "rs_1"}
    pieces = [
        SHARED | {"text": "a"},
        SHARED | {"text": "b", "index": 1},
        sealed,
        sealed | {"data": "y"},
        sealed | {"data": "", "id": "rs_2"},
        {"type": "reasoning.text", "text": "no index"},
        "no object",
    ]
    assert joined_details(pieces) == pieces


def test_strings_that_a_client_has_repeated_are_read_once():
    """As the SDKs join the pieces of a stream: every string but the type."""
    detail = SHARED | {"text": "ab", "format": SHARED["format"] * 3, "id": "rs_12345" * 3}
    told = Thought(text="ab", format="anthropic-claude-v1", id="rs_12345")
    assert thoughts_of({"reasoning_details": [detail]}) == [told]
    for text in ("", "aa", "rs_1rs_1", "rs_123456789rs_1", "anthropic-claude-v1"):
        assert once(text) == text
