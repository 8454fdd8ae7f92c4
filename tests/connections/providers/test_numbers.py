"""Numbers reach an upstream as the client spelled them."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given

from connections.calling.open_connection import OpenConnection
from tests.support.builders import a_call, an_upstream
from tests.support.spelled_numbers import Number, spelled, values
from wire_formats.json_numbers import read_json


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
