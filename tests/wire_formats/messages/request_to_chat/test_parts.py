"""Single blocks of the Messages API as parts of a chat's message."""

from __future__ import annotations

import pytest

from tests.wire_formats.messages.request_to_chat.test_content import (
    CALL,
    RESULT,
    TWICE,
    USER,
    assistant,
    user,
    written,
)
from wire_formats.families import family_of
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits
from wire_formats.messages.request_to_chat.request import chat_request


@pytest.mark.parametrize(
    "block",
    [
        {"type": "container_upload", "file_id": "f"},
        {"type": "fallback", "from": {}, "to": {}},
        {"type": "never_heard_of"},
        {"type": "mcp_tool_listing", "tools": []},
    ],
)
def test_blocks_that_say_nothing_to_another_model_are_named(block):
    messages, dropped = written(USER, assistant(block), USER)
    assert (messages, dropped) == ([TWICE], (f"messages.{block['type']}",))


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "S",
                "content": [{"type": "text", "text": "A"}],
            },
            "T\nS\nA",
        ),
        ({"type": "tool_reference", "tool_name": "f"}, "The tool f is available."),
        (
            {
                "type": "document",
                "title": "T",
                "context": "C",
                "source": {"type": "text", "data": "D"},
            },
            "T\nC\nD",
        ),
        ({"type": "document", "source": {"type": "content", "content": "D"}}, "D"),
    ],
)
def test_blocks_of_text_in_a_result(block, expected):
    messages, _ = written(USER, assistant(CALL), user(RESULT | {"content": [block]}))
    assert messages[-1]["content"] == expected


def test_a_document_by_url():
    source = {"type": "url", "url": "https://example.com/a.pdf"}
    block = {"type": "document", "title": "a.pdf", "source": source}
    messages, dropped = written(user(block))
    assert "https://example.com/a.pdf" in messages[0]["content"]
    assert dropped == ("messages.document",)
    [message], dropped = written(user(block), traits=openrouter_traits(family_of("openai/gpt-4o")))
    assert message["content"][0]["file"]["file_data"] == source["url"]
    assert dropped == ()


def test_files_of_the_account_are_said_to_be_missing():
    source = {"type": "file", "file_id": "file_1"}
    blocks = [{"type": kind, "source": source} for kind in ("image", "document")]
    [message], dropped = written(user(*blocks))
    assert "cannot be shown" in message["content"]
    assert dropped == ("messages.image", "messages.document")


@pytest.mark.parametrize(
    "system",
    [
        "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;\nBe brief.",
        [
            {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1; cch=a1b2c;"},
            {"type": "text", "text": "Be brief."},
        ],
    ],
)
def test_the_note_to_anthropics_billing_is_left_out(system):
    payload = chat_request({"model": "m", "system": system, "messages": [USER]})
    assert payload.body["messages"] == [{"role": "system", "content": "Be brief."}, USER]
    assert payload.dropped == ("system.x-anthropic-billing-header",)
