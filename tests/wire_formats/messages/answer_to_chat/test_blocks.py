"""What is in the blocks of an answer, in the words of chats."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.answer_to_chat.test_answer import CITED
from wire_formats.messages.answer_to_chat.blocks import (
    ClientForm,
    annotations_of,
    call_of,
    custom_input,
    finish_reason,
    merged_usage,
    refusal_of,
    texts_of,
    usage_of,
)


def test_a_call_has_the_clients_name_of_the_tool() -> None:
    block = {"type": "tool_use", "id": "toolu_1", "name": "a_b", "input": {"a": 1}}
    call = call_of(block, ClientForm(names={"a_b": "a.b"}))
    assert call["function"] == {"name": "a.b", "arguments": '{"a":1}'}


@pytest.mark.parametrize(
    ("given", "text"),
    [({"input": "ls"}, "ls"), ("ls", "ls"), ({"input": 5}, '{"input":5}'), ({}, "{}")],
)
def test_a_custom_tool_gets_its_text(given: Any, text: str) -> None:
    assert custom_input(given) == text


@pytest.mark.parametrize("citation", [None, {}, {"url": 5}, {"source": "a.pdf"}])
def test_only_sources_with_an_address_are_annotations(citation: Any) -> None:
    [note] = annotations_of([citation, CITED], 2, 5)
    assert (note["url_citation"]["start_index"], note["url_citation"]["end_index"]) == (2, 5)
    assert annotations_of("x", 0, 1) == []


def test_texts_are_one_text() -> None:
    cited = {"type": "text", "text": "b", "citations": [CITED]}
    text, [note] = texts_of([{"type": "text", "text": "a"}, {"type": "thinking"}, cited])
    assert (text, note["url_citation"]["start_index"]) == ("ab", 1)


@pytest.mark.parametrize(
    ("details", "told"), [({"explanation": "No."}, {"refusal": "No."}), ({}, {}), (None, {})]
)
def test_a_refusal_is_told_where_it_is_explained(details: Any, told: dict[str, str]) -> None:
    assert refusal_of(details) == told


def test_later_counts_replace_earlier_ones_unless_they_are_zero() -> None:
    known = {"input_tokens": 9, "output_tokens": 1}
    told = {"input_tokens": 0, "output_tokens": 5, "cache_read_input_tokens": None}
    assert merged_usage(known, told) == {"input_tokens": 9, "output_tokens": 5}
    assert merged_usage(known, None) == known
    assert usage_of(None) is None


def test_the_older_form_has_its_own_reason() -> None:
    assert finish_reason("tool_use", ClientForm(is_legacy=True)) == "function_call"
    assert finish_reason("tool_use", ClientForm()) == "tool_calls"
