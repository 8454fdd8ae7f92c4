"""The JSON object that an upstream sent, or what stands in its place."""

import pytest

from wire_formats.errors import UnreadableAnswerError
from wire_formats.json_objects import json_object, parsed, unwrapped


def test_an_object_is_read():
    assert parsed(b'{"a": 1}') == json_object(b'{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("text", "fault"), [(b"", "not JSON"), (b"<html>", "not JSON"), (b"[]", "not a JSON object")]
)
def test_what_is_no_object_is_the_upstreams_fault(text, fault):
    with pytest.raises(UnreadableAnswerError, match=fault):
        parsed(text)


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", b"7", b'"a"', b"[1]"])
def test_what_is_no_object_may_be_an_empty_one(text):
    assert json_object(text) == {}


@pytest.mark.parametrize("read", [parsed, json_object])
def test_too_many_values_are_refused(settings, read):
    settings.GATEWAY_MAX_JSON_STRUCTURE = 256 * 1024
    with pytest.raises(UnreadableAnswerError, match="too many values"):
        read(b'{"a": [' + b"[]," * 100_000 + b"0]}")


def test_an_error_in_an_array_counts_as_the_object():
    failure = {"error": {"message": "no"}}
    assert unwrapped([failure, 7]) == failure
    assert json_object(b'[{"error": {"message": "no"}}]') == failure


@pytest.mark.parametrize("value", [[], [{}], [{"error": None}], {"error": 1}, 7, None])
def test_everything_else_stays_as_it_is(value):
    assert unwrapped(value) == value
