"""Anthropic's blocks and tools within a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.messages.chat_with_blocks import chat_with_blocks, has_blocks

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
TOOL = {"name": "read", "description": "Reads.", "input_schema": SCHEMA}
FUNCTION = {"name": "read", "description": "Reads.", "parameters": SCHEMA}
TEXT = {"type": "text", "text": "Let me see."}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "read", "input": {"path": "a"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [TEXT]}
MADE = {
    "id": "toolu_1",
    "type": "function",
    "function": {"name": "read", "arguments": '{"path":"a"}'},
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aaaa"}}
SOURCE = {"type": "base64", "media_type": "image/png", "data": "aaaa"}


def asked(*messages, **fields):
    return {"model": "m", "messages": list(messages)} | fields


def messages_of(*messages, **fields):
    return chat_with_blocks(asked(*messages, **fields)).body["messages"]


def test_calls_and_their_results():
    messages = messages_of(
        {"role": "system", "content": "Be kind."},
        {"role": "assistant", "content": [TEXT, CALL]},
        {"role": "user", "content": [RESULT, TEXT | {"cache_control": {"type": "ephemeral"}}]},
    )
    assert messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "assistant", "content": "Let me see.", "tool_calls": [MADE]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "Let me see."},
        {"role": "user", "content": [TEXT | {"cache_control": {"type": "ephemeral"}}]},
    ]


def test_a_call_without_a_word_and_results_of_several_calls():
    second = {"type": "tool_use", "id": "toolu_2", "name": "read", "input": {}}
    failed = {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": True, "content": "No."}
    called, *results = messages_of(
        {"role": "assistant", "content": [CALL, second]},
        {"role": "user", "content": [RESULT, failed]},
    )
    assert called["content"] is None
    assert [call["id"] for call in called["tool_calls"]] == ["toolu_1", "toolu_2"]
    assert [(each["tool_call_id"], each["content"]) for each in results] == [
        ("toolu_1", "Let me see."),
        ("toolu_2", "Error: No."),
    ]


def test_a_chat_s_own_parts_and_calls_stay_beside_blocks():
    kept = MADE | {"id": "call_0"}
    image = {"type": "image", "source": SOURCE}
    assistant, result, user = messages_of(
        {"role": "assistant", "content": [CALL], "tool_calls": [kept], "name": "a"},
        {"role": "user", "content": [PICTURE, RESULT, image], "name": "b"},
    )
    assert (assistant["tool_calls"], assistant["name"]) == ([kept, MADE], "a")
    assert result["role"] == "tool"
    assert user == {"role": "user", "content": [PICTURE, PICTURE], "name": "b"}


def test_a_picture_in_a_result_is_the_user_s():
    shown = RESULT | {"content": [TEXT, {"type": "image", "source": SOURCE}]}
    result, user = messages_of({"role": "user", "content": [shown]})
    assert result["content"] == "Let me see."
    assert user["content"] == [PICTURE]


def test_thoughts_go_where_upstreams_of_anthropic_s_look():
    thought = {"type": "thinking", "thinking": "Hm", "signature": "s"}
    sealed = {"type": "redacted_thinking", "data": "x"}
    [message] = messages_of({"role": "assistant", "content": [thought, sealed, TEXT]})
    assert message["thinking_blocks"] == [thought, sealed]
    assert message["content"] == "Let me see."


def test_tools_of_both_forms():
    own = {"type": "function", "function": FUNCTION | {"name": "write"}}
    server = {"type": "web_search_20250305", "name": "web_search"}
    chat = chat_with_blocks(asked(tools=[TOOL, own, server])).body
    assert chat["tools"] == [{"type": "function", "function": FUNCTION}, own, server]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        (
            {"type": "tool", "name": "read", "disable_parallel_tool_use": True},
            {
                "tool_choice": {"type": "function", "function": {"name": "read"}},
                "parallel_tool_calls": False,
            },
        ),
        ("required", {"tool_choice": "required"}),
    ],
)
def test_the_choice_of_a_tool(choice, told):
    chat = chat_with_blocks(asked(tools=[TOOL], tool_choice=choice)).body
    assert {k: v for k, v in chat.items() if k not in {"model", "messages", "tools"}} == told


@pytest.mark.parametrize("tool", [1, [], "a", None, {}, {"function": {}}, {"function": "read"}])
def test_what_is_no_tool_is_the_upstream_s_to_refuse(tool):
    choice = {"type": "tool", "name": "read"}
    chat = chat_with_blocks(asked(tools=[tool, TOOL], tool_choice=choice)).body
    assert chat["tools"] == [tool, {"type": "function", "function": FUNCTION}]
    assert chat["tool_choice"]["function"] == {"name": "read"}


def test_a_system_prompt_beside_the_messages():
    user = {"role": "user", "content": "Hi"}
    messages = messages_of(user, system=[TEXT], tools=[TOOL])
    assert messages == [{"role": "system", "content": "Let me see."}, user]


def test_other_fields_and_the_client_s_body_stay_as_they_are():
    body = asked({"role": "user", "content": [RESULT]}, stream=True, seed=1, reasoning={"a": 1})
    before = repr(body)
    chat = chat_with_blocks(body)
    assert (chat.body["stream"], chat.body["seed"], chat.body["reasoning"]) == (True, 1, {"a": 1})
    assert chat.dropped == ()
    assert repr(body) == before


@pytest.mark.parametrize(
    "body",
    [
        asked({"role": "user", "content": "Hi"}),
        asked({"role": "user", "content": [TEXT, PICTURE]}),
        asked(tools=[{"type": "function", "function": FUNCTION}], tool_choice="auto"),
        asked(tool_choice={"type": "function", "function": {"name": "read"}}),
        asked(tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "auto"}}),
        asked({"role": "assistant", "content": [{"type": "thinking", "thinking": [TEXT]}]}),
        asked({"role": "user", "content": [{"type": "image", "image": "x"}]}),
        {"model": "m", "messages": "Hi", "tools": "none"},
        {"model": "m", "messages": [1, {"content": [2, {"type": 3}]}], "tools": [1]},
        {},
    ],
)
def test_a_chat_is_none_of_it(body):
    assert not has_blocks(body)


@pytest.mark.parametrize(
    "body",
    [
        asked({"role": "user", "content": [RESULT]}),
        asked({"role": "assistant", "content": [CALL]}),
        asked(tools=[TOOL]),
        asked(tool_choice={"type": "any"}),
        {"model": "m", "tools": [TOOL]},
    ],
)
def test_what_is_of_anthropic_s_form(body):
    assert has_blocks(body)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (asked({"role": "user", "content": [RESULT | {"content": [1]}]}), "messages.0"),
        (asked(tools=[TOOL], tool_choice={"type": "tool", "name": "x"}), "tool_choice"),
        (asked(tools=[TOOL | {"name": 1}]), "tools.0"),
    ],
)
def test_what_is_no_block_and_no_tool_is_refused_by_its_place(body, param):
    with pytest.raises(UnsendableError) as caught:
        chat_with_blocks(body)
    assert caught.value.param == param


def test_messages_that_are_no_array_stay_for_the_endpoint_to_refuse():
    body = {"model": "m", "messages": "Hi", "tools": [TOOL]}
    assert chat_with_blocks(body).body["messages"] == "Hi"
