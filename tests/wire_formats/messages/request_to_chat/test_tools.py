"""Tools of the Messages API as functions."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.messages.request_to_chat.chat_traits import PLAIN, openrouter_traits
from wire_formats.messages.request_to_chat.request import chat_request
from wire_formats.messages.request_to_chat.tools import functions_of, is_strict, valid_schema

OWN = {"name": "f", "input_schema": {"type": "object", "properties": {}}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
CLOSED = {"type": "object", "properties": {"a": {}}, "required": ["a"]}
CLOSED |= {"additionalProperties": False}


def offered(*tools, traits=PLAIN):
    lost: list[str] = []
    return [each["function"] for each in functions_of(list(tools), traits, lost)], lost


def test_anthropics_own_tools_beside_others_are_left_out_and_named():
    functions, lost = offered(SEARCH, OWN)
    assert ([function["name"] for function in functions], lost) == (
        ["f"],
        ["tools.web_search_20250305"],
    )


@pytest.mark.parametrize("choice", [{"type": "tool", "name": "web_search"}])
def test_one_that_must_be_used_is_refused(choice):
    body = {"model": "m", "messages": [], "tools": [SEARCH, OWN], "tool_choice": choice}
    with pytest.raises(UnsendableError) as caught:
        chat_request(body)
    assert caught.value.param == "tool_choice"


def test_servers_of_mcp_are_left_out_beside_own_tools():
    server = {"type": "url", "url": "https://example.com", "name": "s"}
    body = {"model": "m", "messages": [], "mcp_servers": [server], "tools": [OWN]}
    assert chat_request(body).dropped == ("mcp_servers",)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {"type": "object", "properties": {}}),
        ({"type": "object", "properties": None}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"type": "object", "properties": {}, "required": None}, OWN["input_schema"]),
    ],
)
def test_schemas_are_made_those_of_objects(schema, expected):
    assert valid_schema(schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (CLOSED, True),
        (CLOSED | {"required": []}, False),
        (CLOSED | {"additionalProperties": True}, False),
        (CLOSED | {"properties": {"a": {"type": "object"}}}, False),
        (CLOSED | {"properties": {"a": {"type": "array", "items": CLOSED}}}, True),
        (CLOSED | {"properties": {"a": {"anyOf": [{"type": "object"}]}}}, False),
        ({"type": "string"}, True),
    ],
)
def test_what_may_be_strict(schema, expected):
    assert is_strict(schema) is expected


def test_strict_goes_where_the_schema_may_be():
    assert offered(OWN | {"strict": True, "input_schema": CLOSED})[0][0]["strict"] is True
    [function], lost = offered(OWN | {"strict": True})
    assert ("strict" in function, lost) == (False, ["tools.strict"])


def test_a_cache_mark_stands_beside_the_function():
    mark = {"type": "ephemeral"}
    traits = openrouter_traits(family_of("anthropic/claude-opus-4.5"))
    [tool] = functions_of([OWN | {"cache_control": mark}], traits, [])
    assert tool["cache_control"] == mark


@pytest.mark.parametrize("tools", [[7], [{"name": "f"}], [{"input_schema": {}}]])
def test_what_is_no_tool_is_refused(tools):
    with pytest.raises(UnsendableError) as caught:
        functions_of(tools, PLAIN, [])
    assert caught.value.param == "tools.0"


@pytest.mark.parametrize("kind", ["auto", "any", "none"])
def test_without_tools_there_is_nothing_to_choose(kind):
    choice = {"type": kind, "disable_parallel_tool_use": True}
    body = {"model": "m", "messages": [], "tool_choice": choice}
    assert chat_request(body).body == {"model": "m", "messages": []}


def test_a_tool_that_the_client_runs_is_a_function():
    [function], lost = offered({"type": "bash_20250124", "name": "bash"})
    assert (function["name"], lost) == ("bash", [])
    assert "command" in function["parameters"]["properties"]
