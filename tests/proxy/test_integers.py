from __future__ import annotations

import json

import orjson
import pytest

from proxy.errors import InvalidRequestError
from proxy.integers import check_integers

KEPT = [2**64 - 1, -(2**63), 1_700_000_000_000_000_000, 0, -1]
LOST = [2**64, -(2**63) - 1, 10**30, -(10**5000)]


@pytest.mark.parametrize("number", KEPT)
def test_integers_of_64_bits_come_through_whole(number: int) -> None:
    text = json.dumps({"seed": [number]}).encode()
    check_integers(text)
    assert orjson.dumps(orjson.loads(text)) == text.replace(b" ", b"")


@pytest.mark.parametrize("number", LOST, ids=["2**64", "below -2**63", "10**30", "5000 digits"])
def test_longer_ones_are_refused_rather_than_rounded(number: int) -> None:
    digits = "-" * (number < 0) + "1" + "0" * 5000 if abs(number) > 10**100 else str(number)
    with pytest.raises(InvalidRequestError, match="64 bits"):
        check_integers(f'{{"a": {{"b": [{digits}]}}}}'.encode())


@pytest.mark.parametrize(
    "value", ['"12345678901234567890123"', "0.12345678901234567890123", "1e400"]
)
def test_texts_and_fractions_may_be_as_long_as_they_like(value: str) -> None:
    check_integers(f'{{"a": {value}, "b": "{"7" * 30}"}}'.encode())


def test_deep_nesting_is_refused_like_any_other_bad_request() -> None:
    deep = b"[" * 1020 + b"1" * 25 + b"]" * 1020
    with pytest.raises(InvalidRequestError):
        check_integers(b'{"a": ' + deep + b"}")
