"""Why a model stopped, in every format's words."""

import pytest

from wire_formats.stop_reasons import from_messages, from_ollama, from_responses, to_messages


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
        (None, "stop"),
        ({}, "stop"),
    ],
)
def test_of_a_message(reason, expected):
    assert from_messages(reason) == expected


@pytest.mark.parametrize(
    ("reason", "has_calls", "expected"),
    [
        ("stop", False, "end_turn"),
        ("stop", True, "tool_use"),
        ("length", False, "max_tokens"),
        ("length", True, "max_tokens"),
        ("function_call", False, "tool_use"),
        ("content_filter", True, "refusal"),
        ("something_new", False, "end_turn"),
        (None, True, "tool_use"),
    ],
)
def test_as_a_message(reason, has_calls, expected):
    assert to_messages(reason, has_calls=has_calls) == expected


@pytest.mark.parametrize("has_calls", [True, False])
def test_a_refusal_comes_before_all_else(has_calls):
    assert to_messages("stop", has_calls=has_calls, is_refused=True) == "refusal"


@pytest.mark.parametrize(
    ("response", "has_calls", "expected"),
    [
        ({"status": "completed"}, False, "stop"),
        ({"status": "completed"}, True, "tool_calls"),
        ({}, False, "stop"),
        ({"status": "incomplete"}, True, "length"),
        ({"status": "incomplete", "incomplete_details": None}, False, "length"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            False,
            "content_filter",
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": {}}}, False, "length"),
    ],
)
def test_of_a_response(response, has_calls, expected):
    assert from_responses(response, has_calls=has_calls) == expected


@pytest.mark.parametrize(
    ("reason", "has_calls", "expected"),
    [
        ("stop", False, "stop"),
        ("length", False, "length"),
        ("stop", True, "tool_calls"),
        ("load", False, "stop"),
        (None, False, "stop"),
    ],
)
def test_of_ollama(reason, has_calls, expected):
    assert from_ollama(reason, has_calls=has_calls) == expected
