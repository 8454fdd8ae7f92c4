"""Counts of tokens that no upstream was asked for."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.token_estimate import MEDIA_TOKENS, estimated_tokens


def estimated(value: object) -> int:
    return estimated_tokens({"input": value}, lambda each: "media" in each, b'"media"')


def test_four_bytes_are_a_token() -> None:
    few = estimated("a" * 400)
    assert 100 <= few <= 104
    assert estimated("a" * 4400) == few + 1000
    assert estimated("語" * 400) == few + 200


def test_media_count_the_same_however_large_and_wherever_they_stand() -> None:
    small, large = {"media": "a"}, {"media": "a" * 9_000}
    assert estimated([small, {"content": [large]}]) == estimated([large, {"content": [small]}])
    assert 0 <= estimated([small, large]) - 2 * MEDIA_TOKENS < 10


def test_what_is_nested_too_deeply_is_refused() -> None:
    deep: list = []
    for _ in range(900):
        deep = [deep]
    with pytest.raises(UnsendableError):
        estimated(deep)
