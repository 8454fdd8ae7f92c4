from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.patterns import matches

# Few characters, so that patterns and ids often meet; some mean something to regular expressions.
CHARACTERS = "ab/.*+[\n"
patterns = st.text(alphabet=CHARACTERS, min_size=1, max_size=8)
model_ids = st.text(alphabet=CHARACTERS.replace("*", "") + "*", max_size=10)


def reference(pattern: str, model_id: str) -> bool:
    """What a pattern means, one character at a time."""
    if not pattern:
        return not model_id
    if pattern[0] == "*":
        return reference(pattern[1:], model_id) or (
            bool(model_id) and reference(pattern, model_id[1:])
        )
    return model_id[:1] == pattern[0] and reference(pattern[1:], model_id[1:])


@given(patterns, model_ids)
def test_a_pattern_matches_what_it_says_character_by_character(pattern: str, model_id: str) -> None:
    assert matches(pattern, model_id) == reference(pattern, model_id)


@given(patterns, st.lists(model_ids, max_size=8))
def test_what_a_star_stands_for_is_free(pattern: str, fillings: list[str]) -> None:
    model_id = pattern
    for filling in fillings:
        model_id = model_id.replace("*", filling.replace("*", "b"), 1)
    assert matches(pattern, model_id.replace("*", ""))


@pytest.mark.parametrize(
    ("pattern", "model_id", "expected"),
    [
        ("gpt-4*", "gpt-4o", True),
        ("gpt-4*", "gpt-4", True),
        ("openai/*", "openai/a/b:free", True),
        ("*", "anything at all", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "GPT-4o", False),
        ("gpt.4o", "gpt-4o", False),
        ("*:free", "a:free:x", False),
        ("a*b*b", "ab", False),
    ],
)
def test_what_admins_will_write(pattern: str, model_id: str, expected: bool) -> None:
    assert matches(pattern, model_id) is expected


@pytest.mark.timeout(5)
def test_many_stars_cost_no_ages() -> None:
    assert not matches("a*" * 100 + "b", "a" * 512)
