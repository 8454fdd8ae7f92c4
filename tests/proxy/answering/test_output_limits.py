"""Numbers of a body, as upstreams may read them."""

from __future__ import annotations

import pytest

from proxy.answering.output_limits import answers_in, count_of, named_limit, number_of, whole
from wire_formats.figures import MOST


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("5", 5),
        (" 1_000 ", 1000),
        ("5.0", 5),
        ("4.5", 5),
        ("1e999999999", MOST),
        ("9" * 40, MOST),
        ("9" * 5000, None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (7, 7),
        (True, None),
        ([5], None),
        (None, None),
    ],
)
def test_a_number_may_stand_in_a_string(value, number) -> None:
    assert number_of(value) == number


def test_a_string_is_no_maximum() -> None:
    assert whole("5") is None
    assert named_limit({"max_tokens": "5"}, ("max_tokens",)) is None
    assert named_limit({"max_tokens": 5}, ("max_tokens",)) == 5
    assert named_limit({}, ("max_tokens",)) is None


def test_the_most_answers_that_an_upstream_may_read_count() -> None:
    assert count_of({"n": 2, "N": "7", "m": 9}, "n") == 7
    assert answers_in("chat/completions", {"n": 2, "best_of": 4}) == 4
    assert answers_in("completions", {"prompt": ["a", "b"], "n": "3"}) == 6
