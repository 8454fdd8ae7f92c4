"""Tools that the client runs, as functions and back."""

from __future__ import annotations

from typing import Any

import pytest

from wire_formats.responses.request_to_chat.client_tools import (
    CALLS,
    CLIENT_TOOLS,
    RESULTS,
    is_run_by_client,
)

ARGUMENTS: dict[str, dict[str, Any]] = {
    "local_shell": {"command": ["ls"], "timeout_ms": 5},
    "shell": {"commands": ["ls"], "max_output_length": 9},
    "apply_patch": {"type": "update_file", "path": "a", "diff": "+b"},
    "tool_search": {"query": "x"},
}


@pytest.mark.parametrize("kind", CLIENT_TOOLS)
def test_arguments_come_back_from_their_item(kind: str) -> None:
    tool = CLIENT_TOOLS[kind]
    fields = tool.fields(ARGUMENTS[kind])
    assert fields is not None
    assert tool.arguments(fields) == ARGUMENTS[kind]
    assert CALLS[tool.call] is tool
    assert set(tool.parameters["required"]) <= tool.parameters["properties"].keys()


@pytest.mark.parametrize("kind", ["local_shell", "shell", "apply_patch"])
@pytest.mark.parametrize("arguments", [{}, {"command": "ls", "commands": [5], "type": "x"}])
def test_arguments_that_do_not_fit_make_no_item(kind: str, arguments: dict[str, Any]) -> None:
    assert CLIENT_TOOLS[kind].fields(arguments) is None


@pytest.mark.parametrize(
    ("kind", "item", "text"),
    [
        ("local_shell_call_output", {"output": "a"}, "a"),
        ("shell_call_output", {"output": [{"stdout": "a"}]}, '[{"stdout":"a"}]'),
        ("apply_patch_call_output", {"status": "failed", "output": "No."}, "failed\nNo."),
        ("tool_search_output", {"tools": []}, "No tools were found."),
    ],
)
def test_a_result_is_a_text(kind: str, item: dict[str, Any], text: str) -> None:
    assert RESULTS[kind].result(item) == text


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        ({"type": "local_shell"}, True),
        ({"type": "shell"}, True),
        ({"type": "shell", "environment": {"type": "container_auto"}}, False),
        ({"type": "tool_search"}, False),
        ({"type": "tool_search", "execution": "client"}, True),
        ({"type": "web_search"}, False),
        ({}, False),
    ],
)
def test_who_runs_it(tool: dict[str, Any], expected: bool) -> None:
    assert is_run_by_client(tool) is expected
