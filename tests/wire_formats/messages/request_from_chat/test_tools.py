from __future__ import annotations

import re
from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_request import HI, lost, payload, sent
from wire_formats.errors import UnsendableError
from wire_formats.messages.answer_to_chat.blocks import call_of, client_form

MARK = {"type": "ephemeral"}
ANY = {"type": "object", "properties": {}}
ALLOWED = {"type": "function", "function": {"name": "b"}}


def a_tool(name: str = "a", **fields: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name} | fields}


def tools(*given: Any, **fields: Any) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = sent(tools=list(given), **fields)["tools"]
    return made


@pytest.mark.parametrize("parameters", [None, {}, True, "x"])
def test_a_tool_without_parameters_takes_an_object(parameters: Any) -> None:
    assert tools(a_tool(parameters=parameters)) == [{"name": "a", "input_schema": ANY}]


def test_a_schema_says_that_it_is_an_object() -> None:
    properties = {"properties": {"x": {"type": "string"}}}
    assert tools(a_tool(parameters=properties))[0]["input_schema"] == properties | {
        "type": "object"
    }


def test_strictness_and_marks_are_kept() -> None:
    marked = a_tool(strict=True) | {"cache_control": MARK}
    assert tools(marked)[0] == {
        "name": "a",
        "strict": True,
        "input_schema": ANY,
        "cache_control": MARK,
    }
    assert tools(a_tool(cache_control=MARK))[0]["cache_control"] == MARK
    assert "strict" not in tools(a_tool(strict=False))[0]


def test_custom_tools_take_text() -> None:
    custom = {"type": "custom", "custom": {"name": "sh", "description": "Runs.", "format": {}}}
    [tool] = tools(custom)
    assert tool["input_schema"]["required"] == ["input"]
    choice = {"type": "custom", "custom": {"name": "sh"}}
    assert sent(tools=[custom], tool_choice=choice)["tool_choice"] == {"type": "tool", "name": "sh"}


def test_anthropics_own_tools_pass() -> None:
    own = [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 2},
        {"name": "a", "input_schema": ANY},
    ]
    assert tools(*own) == own


def test_tools_that_openai_runs_are_left_out_and_named() -> None:
    request = payload(tools=[{"type": "web_search"}, a_tool()])
    assert [tool["name"] for tool in request.body["tools"]] == ["a"]
    assert request.dropped == ("tools.web_search",)


@pytest.mark.parametrize("tool", [{"type": "function"}, {"function": {}}, "a", None, {}])
def test_what_is_no_tool_is_refused_with_its_place(tool: Any) -> None:
    with pytest.raises(UnsendableError) as refused:
        sent(tools=[a_tool(), tool])
    assert refused.value.param == "tools.1"


def test_a_name_is_offered_once() -> None:
    assert tools(a_tool(description="first"), a_tool(description="second"), a_tool("b")) == [
        {"name": "a", "description": "first", "input_schema": ANY},
        {"name": "b", "input_schema": ANY},
    ]


@pytest.mark.parametrize(
    ("choice", "expected", "offered"),
    [
        ({"mode": "auto", "tools": [ALLOWED]}, None, ["b"]),
        ({"mode": "required", "tools": [ALLOWED]}, {"type": "any"}, ["b"]),
        ({"mode": "auto", "tools": []}, {"type": "none"}, ["a", "b"]),
    ],
)
def test_allowed_tools_are_the_only_ones(
    choice: dict[str, Any], expected: Any, offered: list[str]
) -> None:
    nested = {"type": "allowed_tools", "allowed_tools": choice}
    for written in (nested, {"type": "allowed_tools", **choice}):
        request = sent(tools=[a_tool("a"), a_tool("b")], tool_choice=written)
        assert request.get("tool_choice") == expected
        assert [tool["name"] for tool in request["tools"]] == offered


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "any"}, {"type": "any"}),
        ({"type": "tool", "name": "a"}, {"type": "tool", "name": "a"}),
        ({"type": "function", "name": "a"}, {"type": "tool", "name": "a"}),
    ],
)
def test_choices_in_other_words_count(choice: Any, expected: dict[str, str]) -> None:
    assert sent(tools=[a_tool()], tool_choice=choice)["tool_choice"] == expected


@pytest.mark.parametrize("choice", ["sometimes", {"type": "odd"}, 5])
def test_a_choice_that_is_none_is_named(choice: Any) -> None:
    request = payload(tools=[a_tool()], tool_choice=choice)
    assert "tool_choice" not in request.body
    assert request.dropped == ("tool_choice",)


def test_the_older_form_is_one_call_at_a_time() -> None:
    request = sent(functions=[{"name": "f"}], function_call={"name": "f"})
    assert request["tools"] == [{"name": "f", "input_schema": ANY}]
    assert request["tool_choice"] == {
        "type": "tool",
        "name": "f",
        "disable_parallel_tool_use": True,
    }
    assert lost(functions=[{"name": "f"}], function_call="auto") == ()


def test_functions_that_were_called_are_declared_where_none_is_offered() -> None:
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    history = [
        *HI,
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x", "content": "4"},
    ]
    request = sent(messages=history)
    assert request["tools"] == [{"name": "f", "input_schema": ANY}]
    assert request["tool_choice"] == {"type": "none"}


@pytest.mark.parametrize("name", ["caldav-mcp.create-event", "a/b", "n" * 129, "größe"])
def test_names_that_anthropic_refuses_are_mapped_there_and_back(name: str) -> None:
    call = {"id": "x", "type": "function", "function": {"name": name, "arguments": "{}"}}
    body = {
        "messages": [*HI, {"role": "assistant", "tool_calls": [call]}],
        "tools": [a_tool(name)],
        "tool_choice": {"type": "function", "function": {"name": name}},
    }
    request = sent(**body)
    [own] = {
        request["tools"][0]["name"],
        request["tool_choice"]["name"],
        request["messages"][1]["content"][0]["name"],
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,128}", own)
    block = {"type": "tool_use", "id": "toolu_1", "name": own, "input": {}}
    assert call_of(block, client_form(body))["function"]["name"] == name


def test_names_that_look_alike_stay_apart() -> None:
    names = [tool["name"] for tool in tools(a_tool("a.b"), a_tool("a_b"), a_tool("a/b"))]
    assert len(set(names)) == 3


def test_a_function_is_a_tool_with_a_schema() -> None:
    schema = {"type": "object", "properties": {"location": {"type": "string"}}}
    assert tools(a_tool("get_weather", description="Tells it.", parameters=schema)) == [
        {"name": "get_weather", "description": "Tells it.", "input_schema": schema}
    ]


WORDS = {
    "auto": ("auto", None, {"type": "auto"}),
    "none": ("none", None, {"type": "none"}),
    "required": ("required", None, {"type": "any"}),
    "by name": (
        {"type": "function", "function": {"name": "a"}},
        None,
        {"type": "tool", "name": "a"},
    ),
    "one at a time": (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
    "required, one at a time": (
        "required",
        False,
        {"type": "any", "disable_parallel_tool_use": True},
    ),
    "none, one at a time": ("none", False, {"type": "none"}),
}


@pytest.mark.parametrize(("choice", "parallel", "expected"), WORDS.values(), ids=WORDS)
def test_tool_choices(choice: object, parallel: bool | None, expected: dict[str, Any]) -> None:
    request = sent(tools=[a_tool()], tool_choice=choice, parallel_tool_calls=parallel)
    assert request["tool_choice"] == expected
