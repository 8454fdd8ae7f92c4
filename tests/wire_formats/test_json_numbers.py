from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import example, given

from connections.choices import Outcome
from connections.verify.result import Status
from tests.support.spelled_numbers import spelled, values
from wire_formats import json_numbers as spelling
from wire_formats.json_numbers import read_json, write_json


@given(values)
@example("[1.50,1e3,1E+2,-0,-0.0,123456789012345678901234567890,0.10000000000000000001]")
@example('{"a\\\\":1.50,"\\"b":"\\\\\\"",":2.50":[1e3]}')
def test_the_value_is_what_json_says(value: str) -> None:
    assert read_json(value.encode()) == json.loads(value)
    assert spelled(write_json(read_json(value.encode()))) == spelled(value)


@pytest.mark.parametrize(
    "text",
    [
        *("[NaN]", "[Infinity]", "[1e400]", f"[1{'0' * 400}]", "[01]", "[1.]", "[.5]", "[+1]"),
        *('["\\ud800"]', "", "[1.50", "\ufeff[1.50]"),
    ],
)
def test_what_orjson_refuses_is_refused(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        read_json(text.encode())


def test_of_a_doubled_key_the_last_counts() -> None:
    assert write_json(read_json(b'{"a":1.50,"b":2.50,"a":3.50}')) == b'{"a":3.50,"b":2.50}'


@pytest.mark.parametrize("depth", [200, 300, 1000])
def test_what_is_nested_too_deeply_is_read_and_cannot_be_written(depth: int) -> None:
    text = b"[" * depth + b"1.50" + b"]" * depth
    value = read_json(text)
    if depth < 254:
        assert write_json(value) == text
    else:
        with pytest.raises(TypeError):
            write_json(value)


def test_numbers_behave_as_numbers() -> None:
    price, serial = read_json(b"[1.50, 123456789012345678901234]")
    assert (price, serial) == (1.5, 123456789012345678901234)
    assert isinstance(price, float)
    assert isinstance(serial, int)
    assert min(price, 1) == 1


def test_only_odd_numbers_are_more_than_numbers() -> None:
    kept = read_json(b"[1.5, 1.50, 7, -0, 18446744073709551615, 18446744073709551616]")
    kinds = [type(number).__name__ for number in kept]
    assert kinds == ["float", "SpelledFloat", "int", "SpelledInt", "int", "SpelledInt"]


MANY = b"1.50," * (spelling.MOST_BYTES // 4)


@pytest.mark.parametrize("last", [b"18446744073709551615", b"-9223372036854775808", b"1.5e-19"])
def test_of_very_many_numbers_fractions_keep_their_value_only(last: bytes) -> None:
    value = read_json(b"[" + MANY + last + b"]")
    assert write_json(value) == b"[" + MANY.replace(b"1.50", b"1.5") + last + b"]"


@pytest.mark.parametrize("last", [b"18446744073709551616", b"-9223372036854775809"])
def test_integers_among_very_many_numbers_are_refused_rather_than_rounded(last: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError, match="beyond 64 bits"):
        read_json(b"[" + MANY + last + b"]")


def test_what_is_no_json_cannot_be_written() -> None:
    with pytest.raises(TypeError):
        write_json({"a": object()})


def test_words_of_a_set_are_written_as_texts() -> None:
    assert write_json({"outcome": Outcome.WARNINGS, "status": Status.OK}) == (
        b'{"outcome":"%b","status":"ok"}' % Outcome.WARNINGS.value.encode()
    )
