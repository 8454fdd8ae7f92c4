"""Anthropic's tools that the client runs, written out."""

from __future__ import annotations

import pytest

from wire_formats.messages.request_to_chat.client_tools import client_tool


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("bash_20250124", "bash", {"command", "restart"}),
        ("text_editor_20250728", "str_replace_based_edit_tool", {"command", "path", "old_str"}),
        ("memory_20250818", "memory", {"command", "path", "new_path"}),
    ],
)
def test_a_known_tool_is_a_function_of_any_version(kind, name, fields):
    tool = client_tool(kind, {"type": kind})
    assert tool["name"] == name
    assert fields <= tool["input_schema"]["properties"].keys()
    assert set(tool["input_schema"]["required"]) <= tool["input_schema"]["properties"].keys()


def test_the_clients_own_name_of_it_counts():
    assert client_tool("bash_20250124", {"name": "sh"})["name"] == "sh"


@pytest.mark.parametrize("kind", ["bash", "web_search_20250305", "custom", "computer_20250124"])
def test_other_tools_are_none_of_these(kind):
    assert client_tool(kind, {"name": "x"}) is None
