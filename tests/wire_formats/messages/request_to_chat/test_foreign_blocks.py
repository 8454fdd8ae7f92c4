"""Blocks of Anthropic's own tools as text."""

from __future__ import annotations

import pytest

from tests.wire_formats.messages.request_to_chat.test_content import USER, assistant, written
from wire_formats.messages.request_to_chat.foreign_blocks import told_text


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            '[Called web_search with {"query":"q"}]',
        ),
        (
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s",
                "content": [
                    {
                        "type": "web_search_result",
                        "title": "Rain",
                        "url": "https://example.com",
                        "encrypted_content": "EqQB" * 9,
                    }
                ],
            },
            "[Result of web_search]\nRain\nhttps://example.com",
        ),
        (
            {
                "type": "bash_code_execution_tool_result",
                "content": {"type": "x", "stdout": "4", "stderr": "", "return_code": 0},
            },
            "[Result of bash_code_execution]\n4",
        ),
        ({"type": "compaction", "content": "They met.", "encrypted_content": "x"}, "They met."),
    ],
)
def test_tools_that_anthropic_ran_become_text(block, expected):
    messages, dropped = written(USER, assistant(block), USER)
    assert (messages[1]["content"], dropped) == (expected, (f"messages.{block['type']}",))


def test_what_is_nested_too_deeply_is_not_told():
    nested = {"text": "deep"}
    for _ in range(30):
        nested = {"content": nested}
    assert told_text(nested) == ""
