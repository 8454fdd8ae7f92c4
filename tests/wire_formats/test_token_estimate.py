"""Counts of tokens that no upstream was asked for."""

from __future__ import annotations

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.token_estimate import DATA_MARK, MEDIA_TOKENS, estimated_tokens


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


def test_data_urls_are_media_wherever_they_stand() -> None:
    url = f"data:image/png;base64,{'A' * 9_000}"
    read = {"input": [url, "a text"]}
    counted = estimated_tokens(read, lambda each: False, DATA_MARK)
    assert 0 < counted - MEDIA_TOKENS < 20


def test_nothing_is_looked_for_where_there_is_no_place_for_it() -> None:
    read = {"input": {"media": "a" * 400}}
    flat = estimated_tokens(read, lambda each: "media" in each, b'"media"', within=b'"input":{')
    plain = estimated_tokens(read, lambda each: "media" in each, b'"media"', within=b'"parts":[')
    assert flat > MEDIA_TOKENS > plain
