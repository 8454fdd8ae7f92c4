from __future__ import annotations

from tests.wire_formats.messages.request_from_chat.test_request import payload

MARK = {"cache_control": {"type": "ephemeral"}}


def test_the_last_marks_are_kept_and_the_others_named() -> None:
    tools = [{"type": "function", "function": {"name": name}} | MARK for name in "ab"]
    words = [{"type": "text", "text": word} | MARK for word in "cde"]
    request = payload(messages=[{"role": "user", "content": words}], tools=tools)

    assert ["cache_control" in tool for tool in request.body["tools"]] == [False, True]
    assert all("cache_control" in block for block in request.body["messages"][0]["content"])
    assert request.dropped == ("cache_control",)
    assert all("cache_control" in tool for tool in tools)


def test_a_mark_of_a_call_is_kept() -> None:
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}} | MARK
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]}]
    request = payload(messages=messages)

    assert request.body["messages"][1]["content"][0]["cache_control"] == MARK["cache_control"]
