"""What a chat calls a tool of its client stays one, whatever fields it brings along."""

import pytest

from wire_formats.responses.request_from_chat.request import responses_request

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}


@pytest.mark.parametrize("kind", ["mcp", "code_interpreter", "file_search", "item_reference"])
def test_a_custom_tool_becomes_no_tool_of_the_provider(kind):
    custom = {"name": "f", "type": kind, "server_url": "http://10.0.0.1"}
    sent = responses_request(CHAT | {"tools": [{"type": "custom", "custom": custom}]}, model="m")
    assert [tool["type"] for tool in sent.body["tools"]] == ["custom"]


def test_a_schema_becomes_no_other_format():
    asked = {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "type": "other"}}
    sent = responses_request(CHAT | {"response_format": asked}, model="m")
    assert sent.body["text"]["format"]["type"] == "json_schema"
