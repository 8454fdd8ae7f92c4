"""The items of a response, written from what a chat said."""

from __future__ import annotations

from typing import Any

import pytest

from wire_formats.responses.answer_from_chat.output_items import (
    CUT,
    call_item,
    flat_annotations,
    flat_logprobs,
    item_id,
    reasoning_item,
    with_status,
)
from wire_formats.responses.request_to_chat.tools import Tool


def test_an_id_tells_the_type() -> None:
    assert item_id("custom_tool_call", "req_0a", 2) == "ctc_gw_0a_2"


def test_reasoning_is_shown_in_full_or_as_a_summary() -> None:
    full = reasoning_item("rs_1", (), text="Hm.")
    assert (full["summary"], full["content"][0]["type"]) == ([], "reasoning_text")
    short = reasoning_item("rs_1", (), text="Hm.", is_summary=True)
    assert short["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert "content" not in short


@pytest.mark.parametrize(
    ("tool", "arguments", "fields"),
    [
        (Tool(kind="function", name="f"), "{", {"type": "function_call", "arguments": "{"}),
        (
            Tool(kind="function", name="f", namespace="crm"),
            "{}",
            {"type": "function_call", "name": "f", "namespace": "crm"},
        ),
        (
            Tool(kind="custom", name="p"),
            '{"input":"x"}',
            {"type": "custom_tool_call", "input": "x"},
        ),
        (Tool(kind="custom", name="p"), "x", {"type": "custom_tool_call", "input": "x"}),
        (
            Tool(kind="shell"),
            '{"commands":["ls"]}',
            {"type": "shell_call", "action": {"commands": ["ls"]}},
        ),
        (Tool(kind="shell"), "ls", {"type": "function_call", "id": "fc_1", "name": "shell"}),
    ],
)
def test_a_call_is_of_the_kind_that_its_client_waits_for(
    tool: Tool, arguments: str, fields: dict[str, Any]
) -> None:
    prefix = {"function": "fc", "custom": "ctc", "shell": "sh"}[tool.kind]
    assert call_item(f"{prefix}_1", tool, "c1", arguments).items() >= fields.items()


def test_a_patch_cannot_be_cut() -> None:
    patch = {"type": "apply_patch_call", "status": "completed"}
    assert with_status(patch, CUT) == patch
    assert with_status({"type": "message"}, CUT)["status"] == CUT


@pytest.mark.parametrize("odd", [None, 5, [5, {}, {"type": "url_citation", "url_citation": {}}]])
def test_odd_notes_and_probabilities_are_none(odd: Any) -> None:
    assert list(flat_annotations(odd)) == []
    assert list(flat_logprobs({"content": odd})) == []
