from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infrastructure.patterns import matches
from models_registry.patterns import PatternIndex

# Few characters, so that patterns and ids often meet; some mean something to regular expressions.
CHARACTERS = "ab/.*+[\n"
patterns = st.text(alphabet=CHARACTERS, min_size=1, max_size=8)
model_ids = st.text(alphabet=CHARACTERS.replace("*", "") + "*", max_size=10)


@given(st.lists(patterns, max_size=4), st.lists(model_ids, max_size=20))
def test_an_index_finds_every_model_that_any_pattern_matches(
    held: list[str], names: list[str]
) -> None:
    index = PatternIndex(zip(names, range(len(names)), strict=True), len(names))
    covered = index.covered_by(held)
    expected = {n for n, name in enumerate(names) if any(matches(p, name) for p in held)}
    assert {n for n in range(len(names) + 8) if covered >> n & 1} == expected


@given(patterns, st.lists(model_ids, min_size=1, max_size=5))
def test_a_model_is_covered_by_any_of_its_names(pattern: str, names: list[str]) -> None:
    index = PatternIndex([(name, 0) for name in names], 1)
    assert index.covered_by([pattern]) == any(matches(pattern, name) for name in names)


def test_no_pattern_matches_nothing() -> None:
    assert PatternIndex([("gpt-4o", 0)], 1).covered_by([]) == 0
