from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from wire_formats.family import Family
from wire_formats.family_facts import READERS, facts_of

NOT_A_FACT = {"name", "pattern", "source", "is_reasoning", "chat"}


def test_every_fact_can_be_stated() -> None:
    assert READERS.keys() - {"like"} == {each.name for each in fields(Family)} - NOT_A_FACT


def test_facts_can_be_compared_and_hashed() -> None:
    facts = facts_of({"like": "gpt-5", "efforts": ["low", "high"]})

    assert facts == (("efforts", ("low", "high")), ("like", "gpt-5"))
    assert hash(facts) == hash(facts_of({"efforts": ["low", "high"], "like": "gpt-5"}))


@pytest.mark.parametrize(
    "value",
    [
        [],
        None,
        {"colour": "red"},
        {"like": ""},
        {"like": 5},
        {"max_output_tokens": 0},
        {"max_output_tokens": True},
        {"max_output_tokens": "9"},
        {"efforts": ["utmost"]},
        {"efforts": [[]]},
        {"efforts": "low"},
        {"sampling": []},
        {"takes_prefill": 1},
        {1: 2},
    ],
)
def test_what_is_no_fact_is_refused_in_words(value: Any) -> None:
    with pytest.raises(ValueError, match=r"must be|has no fact"):
        facts_of(value)
