"""Calls of tools, whoever wrote them."""

import pytest

from wire_formats.chat.calls import (
    arguments_object,
    arguments_text,
    called_with,
    calls_in,
    grammar_note,
)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{"a": 1}', '{"a": 1}'), ({"a": 1}, '{"a":1}'), ({}, "{}"), (None, ""), ([], ""), (7, "")],
)
def test_arguments_of_an_upstream_are_a_text(arguments, text):
    assert arguments_text(arguments) == text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"a": 1}', ({"a": 1}, True)),
        ({"a": 1}, ({"a": 1}, True)),
        (" ", ({}, True)),
        (None, ({}, True)),
        ('{"a":', ({"arguments": '{"a":'}, False)),
        ("[1]", ({"arguments": [1]}, False)),
        ("\ud800", ({"arguments": "\ud800"}, False)),
    ],
)
def test_arguments_of_the_past_are_an_object(arguments, told):
    assert arguments_object(arguments) == told


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"function": {"name": "f", "arguments": "{}"}}, ("f", "{}")),
        ({"custom": {"name": "sh", "input": "ls"}}, ("sh", {"input": "ls"})),
        ({"custom": {"name": "sh"}}, ("sh", {"input": ""})),
        ({"name": "f", "arguments": "{}"}, ("f", "{}")),
        ({"function": {}}, None),
        (5, None),
    ],
)
def test_a_call_has_a_name_and_arguments(call, told):
    assert called_with(call) == told


def test_the_older_call_comes_last():
    message = {"tool_calls": [1, 2], "function_call": {"name": "f"}}
    assert list(calls_in(message)) == [1, 2, {"name": "f"}]
    assert list(calls_in({"tool_calls": 5, "function_call": None})) == []


@pytest.mark.parametrize(
    ("form", "note"),
    [
        (
            {"type": "grammar", "grammar": {"definition": "a+", "syntax": "regex"}},
            "`input` must match this regex grammar:\na+",
        ),
        (
            {"type": "grammar", "definition": "start: A"},
            "`input` must match this lark grammar:\nstart: A",
        ),
        ({"type": "grammar", "grammar": {"syntax": "regex"}}, ""),
        ({"type": "text"}, ""),
        (None, ""),
    ],
)
def test_a_grammar_is_told_in_words(form, note):
    assert grammar_note(form) == note
