"""What an upstream does not get, and how a client is told."""

import pytest

from wire_formats.payload import (
    DROPPED_HEADER,
    LONGEST_NAME,
    MOST_NAMES,
    choices_left,
    dropped_parameters,
    header_value,
    with_dropped,
)


def test_parameters_that_are_not_known_are_named_in_order():
    body = {"model": "m", "seed": 0, "logit_bias": {"1": 2}, "stop": ["a"]}
    assert dropped_parameters(body, ["model", "stop"]) == ("seed", "logit_bias")


@pytest.mark.parametrize(
    "field",
    [
        {"n": 1},
        {"presence_penalty": 0},
        {"logprobs": False},
        {"response_format": {"type": "text"}},
        {"modalities": ["text"]},
        {"seed": None},
        {"tools": []},
        {"metadata": {}},
    ],
)
def test_what_makes_no_difference_is_not_named(field):
    assert dropped_parameters(field, []) == ()


@pytest.mark.parametrize("field", [{"n": 2}, {"seed": 0}, {"user": ""}, {"logprobs": True}])
def test_what_makes_a_difference_is(field):
    assert dropped_parameters(field, []) == tuple(field)


def test_names_are_quoted_and_cut():
    assert header_value(("seed", "x\r\ny: 2", "é, ")) == "seed, x%0D%0Ay%3A%202, %C3%A9%2C%20"
    assert header_value(("a" * 100,)) == "a" * LONGEST_NAME
    assert header_value(("a",) * 100).count("a") == MOST_NAMES


@pytest.mark.parametrize("name", [DROPPED_HEADER, DROPPED_HEADER.title()])
def test_names_stand_before_those_that_are_told_already(name):
    assert with_dropped({name: "seed"}, ["top_k", "stop"]) == {name: "top_k, stop, seed"}
    assert with_dropped({name: "seed"}, []) == {name: "seed"}


def test_where_nothing_is_dropped_nothing_is_told():
    assert with_dropped({"a": "b"}, ()) == {"a": "b"}


@pytest.mark.parametrize(
    ("fields", "has_tools", "names"),
    [
        ({"tool_choice": "required"}, False, ["tool_choice"]),
        ({"tool_choice": "required"}, True, []),
        ({"tool_choice": "none", "function_call": "auto"}, False, []),
        ({"function_call": {"name": "f"}}, False, ["function_call"]),
        ({"function_call": {"name": "f"}}, True, []),
        ({"tool_choice": "auto", "function_call": {"name": "f"}}, True, ["function_call"]),
    ],
)
def test_choices_that_decide_nothing_are_named(fields, has_tools, names):
    assert list(choices_left(fields, has_tools=has_tools)) == names
