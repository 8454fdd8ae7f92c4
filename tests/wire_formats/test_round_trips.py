"""Thoughts and what their providers signed survive a change of format and the way back."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought, reasoning_fields, thoughts_of
from wire_formats.families import family_of
from wire_formats.messages.answer_from_chat.answer import Asked, message_of
from wire_formats.messages.answer_to_chat.answer import MessageTranslation
from wire_formats.messages.request_from_chat.request import messages_request
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits
from wire_formats.messages.request_to_chat.request import chat_request
from wire_formats.responses.answer_from_chat import answer as answer_from_chat
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.responses.request_from_chat.request import responses_request
from wire_formats.responses.request_to_chat import request as responses_to_chat
from wire_formats.token_counts import Tokens

CLAUDE = openrouter_traits(family_of("anthropic/claude-opus-4.5"))
WORDS = st.text("abc é", min_size=1, max_size=9).filter(str.strip)
SEALS = st.from_regex(r"[A-Za-z0-9+/]{1,20}={0,2}", fullmatch=True)
SIGNED = st.builds(
    lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
    WORDS,
    SEALS,
)
REDACTED = st.builds(lambda data: {"type": "redacted_thinking", "data": data}, SEALS)
BLOCKS = st.lists(SIGNED | REDACTED, min_size=1, max_size=3)
ITEMS = st.lists(
    st.builds(
        lambda number, text, sealed: {
            "type": "reasoning",
            "id": f"rs_{number}",
            "summary": [{"type": "summary_text", "text": text}],
            "encrypted_content": sealed,
        },
        st.integers(1, 99),
        WORDS,
        SEALS,
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item["id"],
)
USER: dict[str, Any] = {"role": "user", "content": "Hi"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
FUNCTION_CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "done"}
TOOL = {"role": "tool", "tool_call_id": "toolu_1", "content": "done"}
ANSWER = {"id": "1", "model": "m", "usage": None}


def completion(message: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@given(BLOCKS)
def test_a_message_that_chats_go_on_from(blocks):
    """Claude's answer becomes a chat's, and the chat's next request gives it back."""
    message = ANSWER | {"content": [*blocks, CALL], "stop_reason": "tool_use"}
    said = MessageTranslation().answer(message)["choices"][0]["message"]
    body = {"messages": [USER, said, TOOL]}
    again = messages_request(body, model="claude-opus-4-8").body["messages"][1]["content"]
    assert [block for block in again if block["type"] != "tool_use"] == blocks


@given(BLOCKS)
def test_a_chat_that_messages_go_on_from(blocks):
    """A chat's answer with Claude's thoughts becomes a message, and is given back as it was."""
    thoughts = [
        Thought(text=each["thinking"], signature=each["signature"], format=ANTHROPIC)
        if each["type"] == "thinking"
        else Thought(sealed=each["data"], format=ANTHROPIC)
        for each in blocks
    ]
    call = {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"content": None, "tool_calls": [call], **reasoning_fields(thoughts)}
    asked = Asked(request_id="req_1", model="m")
    content = message_of(completion(said), asked, Tokens())["content"]
    results = {"role": "user", "content": [RESULT]}
    messages = [USER, {"role": "assistant", "content": content}, results]
    chat = chat_request({"model": "m", "messages": messages}, CLAUDE).body
    assert thoughts_of(chat["messages"][1]) == thoughts


@given(ITEMS)
def test_a_response_that_chats_go_on_from(items):
    """OpenAI's sealed reasoning becomes a chat's, and the chat's next request gives it back."""
    answer = ANSWER | {"output": [*items, FUNCTION_CALL], "status": "completed"}
    said = ResponseTranslation().answer(answer)["choices"][0]["message"]
    tool = TOOL | {"tool_call_id": "call_1"}
    again = responses_request({"messages": [USER, said, tool]}, model="gpt-5.4").body["input"]
    assert [item for item in again if item.get("type") == "reasoning"] == items


@given(st.lists(SIGNED, min_size=1, max_size=3) | ITEMS)
def test_a_chat_that_responses_go_on_from(given_back):
    """A chat's answer becomes a response, whose items say all that the next chat must hold."""
    thoughts = [
        Thought(text=each["thinking"], signature=each["signature"], format=ANTHROPIC)
        if each["type"] == "thinking"
        else Thought(
            text=each["summary"][0]["text"],
            is_summary=True,
            sealed=each["encrypted_content"],
            id=each["id"],
            format=OPENAI,
        )
        for each in given_back
    ]
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    said = {"content": None, "tool_calls": [call], **reasoning_fields(thoughts)}
    body = {"model": "m", "input": "Hi", "include": ["reasoning.encrypted_content"]}
    chat = responses_to_chat.chat_request(body)
    asked = answer_from_chat.Asked(
        body=body, tools=chat.tools, request_id="req_1", response_id="resp_1", model="m"
    )
    output = answer_from_chat.response_of(completion(said), asked, Tokens())["output"]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "done"}
    following = responses_to_chat.chat_request({"model": "m", "input": [*output, result]}).body
    assistant = next(each for each in following["messages"] if each["role"] == "assistant")
    assert thoughts_of(assistant) == thoughts
