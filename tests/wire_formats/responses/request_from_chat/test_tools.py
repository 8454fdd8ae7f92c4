"""The tools of a chat as those of a response."""

from __future__ import annotations

import pytest

from tests.wire_formats.responses.request_from_chat.test_request import sent
from wire_formats.responses.request_from_chat.tools import tool_fields

FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}
FLAT = {"type": "function", "strict": False} | FUNCTION
TOOLS = {
    "a search": (
        {
            "web_search_options": {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"country": "NO"}},
            }
        },
        {
            "tools": [
                {
                    "type": "web_search",
                    "search_context_size": "low",
                    "user_location": {"type": "approximate", "country": "NO"},
                }
            ]
        },
    ),
    "allowed tools": (
        {
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [TOOL]},
            },
        },
        {
            "tools": [FLAT],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "get_weather"}],
            },
        },
    ),
    "custom tools": (
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "sql",
                        "description": "Runs it.",
                        "format": {
                            "type": "grammar",
                            "grammar": {"syntax": "lark", "definition": "start: /.+/"},
                        },
                    },
                }
            ],
            "tool_choice": {"type": "custom", "custom": {"name": "sql"}},
        },
        {
            "tools": [
                {
                    "type": "custom",
                    "name": "sql",
                    "description": "Runs it.",
                    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
                }
            ],
            "tool_choice": {"type": "custom", "name": "sql"},
        },
    ),
    "functions of old": (
        {"functions": [FUNCTION], "function_call": {"name": "get_weather"}},
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "get_weather"}},
    ),
    "tools written as for a response": ({"tools": [FLAT]}, {"tools": [FLAT]}),
    "no tools": ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": None}, {}),
    "tools": (
        {"tools": [TOOL], "tool_choice": "required"},
        {
            "tools": [FLAT],
            "tool_choice": "required",
        },
    ),
    "a tool by name": (
        {"tools": [TOOL], "tool_choice": TOOL},
        {
            "tools": [FLAT],
            "tool_choice": {"type": "function", "name": "get_weather"},
        },
    ),
}


@pytest.mark.parametrize(("fields", "expected"), TOOLS.values(), ids=TOOLS)
def test_tools_have_no_envelope(fields: dict, expected: dict) -> None:
    dropped: list[str] = []
    assert tool_fields(fields, dropped) == expected
    assert dropped == []
    assert sent(**fields).items() >= expected.items()


@pytest.mark.parametrize("tool", [{"type": "mcp"}, {"type": "function"}, "f", None])
def test_other_tools_are_left_out_and_named(tool: object) -> None:
    dropped: list[str] = []
    assert tool_fields({"tools": [tool, TOOL]}, dropped) == {"tools": [FLAT]}
    assert dropped == ["tools.0"]


@pytest.mark.parametrize("choice", [{"type": "mcp"}, "sometimes", 5])
def test_a_choice_that_is_none_is_left_out_and_named(choice: object) -> None:
    dropped: list[str] = []
    assert tool_fields({"tools": [TOOL], "tool_choice": choice}, dropped) == {"tools": [FLAT]}
    assert dropped == ["tool_choice"]


def test_a_strict_function_stays_strict() -> None:
    strict = {"type": "function", "function": FUNCTION | {"strict": True}}
    assert tool_fields({"tools": [strict]}, [])["tools"] == [FLAT | {"strict": True}]
