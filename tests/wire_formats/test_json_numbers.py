from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connections.calling.open_connection import OpenConnection
from connections.choices import Outcome
from connections.verify.result import Status
from tests.support.builders import a_call, an_upstream
from wire_formats import json_numbers as spelling
from wire_formats.json_numbers import read_json, write_json

digits = st.text("0123456789", min_size=1, max_size=30)
whole = st.just("0") | digits.map(lambda text: text.lstrip("0") or "0")
fractions = st.just("") | digits.map(lambda text: f".{text}")
exponents = st.just("") | st.tuples(
    st.sampled_from("eE"), st.sampled_from(["", "+", "-", "-0", "00"]), st.integers(0, 99)
).map(lambda parts: "".join(map(str, parts)))
numbers = st.tuples(st.sampled_from(["", "-"]), whole, fractions, exponents).map("".join)
# Texts that look like numbers, and ones whose escapes hide where they end.
texts = st.sampled_from(
    [r'"\\"', r'"\""', r'": 1.50, \\\""', r'"1.50"', r'"é☃"', '"é"', r'"\\\\\\1e3,"', '""']
) | st.text(max_size=8).map(json.dumps)
spaces = st.sampled_from(["", "", " ", "\n\t"])
scalars = numbers | texts | st.sampled_from(["true", "false", "null"])


def containers(values: Any) -> Any:
    items = st.tuples(spaces, values, spaces).map("".join)
    entries = st.tuples(spaces, texts, spaces, st.just(":"), items).map("".join)
    arrays = st.lists(items, max_size=4).map(lambda each: f"[{','.join(each)}]")
    return arrays | st.lists(entries, max_size=4).map(lambda each: f"{{{','.join(each)}}}")


values = st.recursive(scalars, containers, max_leaves=20)


class Number(str):
    """A number as it is spelled, which equals no text."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and str(self) == str(other)


def spelled(text: str | bytes) -> Any:
    """What ``text`` says, its numbers to the letter."""
    return json.loads(text, parse_int=Number, parse_float=Number)


def sent(text: str, **upstream: object) -> bytes:
    """What an upstream gets of a client's ``text``."""
    adapter = OpenConnection.open(an_upstream(**upstream)).adapter
    content: bytes = adapter.request(a_call(read_json(text.encode()))).content
    return content


@given(values)
@example("[1.50,1e3,1E+2,-0,-0.0,123456789012345678901234567890,0.10000000000000000001]")
@example('{"a\\\\":1.50,"\\"b":"\\\\\\"",":2.50":[1e3]}')
def test_every_number_is_sent_as_it_was_spelled(value: str) -> None:
    body = f'{{"model": "gpt-4o", "x_unknown": {value}}}'
    assert spelled(sent(body)) == spelled(body)


@given(values)
def test_the_value_is_what_json_says(value: str) -> None:
    assert read_json(value.encode()) == json.loads(value)
    assert spelled(write_json(read_json(value.encode()))) == spelled(value)


@pytest.mark.parametrize("provider", ["openai", "azure", "openrouter", "ollama", "pipelines"])
def test_a_change_elsewhere_leaves_numbers_alone(provider: str) -> None:
    body = '{"model":"a","max_tokens":10,"temperature":0.70,"seed":18446744073709551616}'
    arrived = spelled(sent(body, provider=provider))
    assert (arrived["temperature"], arrived["seed"]) == (
        Number("0.70"),
        Number("18446744073709551616"),
    )


@pytest.mark.parametrize(
    ("provider", "api_type", "name"),
    [
        ("anthropic", "", "temperature"),
        ("ollama", "native", "options.temperature"),
        ("compatible", "responses", "temperature"),
    ],
)
def test_what_is_translated_keeps_the_numbers_that_it_keeps(
    provider: str, api_type: str, name: str
) -> None:
    body = '{"messages":[],"temperature":0.70}'
    value = spelled(sent(body, provider=provider, api_type=api_type))
    for part in name.split("."):
        value = value[part]
    assert value == Number("0.70")


@pytest.mark.parametrize("limit", ["1e3", "1000.0", "1000"])
@pytest.mark.parametrize(("provider", "api_type"), [("anthropic", ""), ("ollama", "native")])
def test_a_limit_holds_however_it_is_spelled(provider: str, api_type: str, limit: str) -> None:
    body = f'{{"messages":[],"max_tokens":{limit}}}'
    assert b":1000" in sent(body, provider=provider, api_type=api_type)


@pytest.mark.parametrize("provider", ["anthropic", "ollama"])
def test_the_arguments_of_a_tool_lose_no_digit(provider: str) -> None:
    function = {"name": "pay", "arguments": '{"amount":1.50,"id":123456789012345678901234}'}
    call = {"id": "c", "type": "function", "function": function}
    body = {"messages": [{"role": "assistant", "tool_calls": [call]}]}
    content = sent(json.dumps(body), provider=provider, api_type="native" * (provider == "ollama"))
    assert b'{"amount":1.50,"id":123456789012345678901234}' in content


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
