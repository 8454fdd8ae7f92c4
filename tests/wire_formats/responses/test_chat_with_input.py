"""A Responses body that was posted as a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.responses.chat_with_input import chat_with_input, has_input

SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
READ = {"type": "function", "name": "read", "parameters": SCHEMA, "strict": False}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"}
PATCH = {"type": "custom", "name": "patch", "description": "Changes.", "format": GRAMMAR}
CHAT_GRAMMAR = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /.+/"}}
CUSTOM = {"name": "patch", "description": "Changes.", "format": CHAT_GRAMMAR}


def asked(given="Hi", **fields):
    return {"model": "m", "input": given} | fields


def chat_of(*items, **fields):
    return chat_with_input(asked(list(items), **fields)).body


def test_a_conversation_with_calls():
    chat = chat_of(
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "Read."}]},
        {"type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"path":"a"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "42"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": "*** a"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": "Done."},
        tools=[READ, PATCH],
        stream=True,
        instructions="You are an agent.",
    )
    assert chat["stream"] is True
    assert chat["messages"] == [
        {"role": "system", "content": "You are an agent.\n\nBe kind."},
        {"role": "user", "content": "Read."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "read", "arguments": '{"path":"a"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c2", "type": "custom", "custom": {"name": "patch", "input": "*** a"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "Done."},
    ]
    assert chat["tools"] == [
        {"type": "function", "function": {"name": "read", "parameters": SCHEMA}},
        {"type": "custom", "custom": CUSTOM},
    ]


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        ("auto", "auto"),
        ({"type": "function", "name": "read"}, {"type": "function", "function": {"name": "read"}}),
        ({"type": "custom", "name": "patch"}, {"type": "custom", "custom": {"name": "patch"}}),
    ],
)
def test_the_choice_of_a_tool(choice, told):
    assert chat_of(tools=[READ, PATCH], tool_choice=choice)["tool_choice"] == told


def test_a_custom_tool_may_say_next_to_nothing():
    [plain, text] = chat_of(
        tools=[
            {"type": "custom", "name": "a"},
            {"type": "custom", "name": "b", "format": {"type": "text"}},
        ]
    )["tools"]
    assert plain == {"type": "custom", "custom": {"name": "a"}}
    assert text["custom"]["format"] == {"type": "text"}


def test_a_custom_tool_in_a_namespace_is_a_function():
    space = {"type": "namespace", "name": "n", "tools": [PATCH]}
    call = {"type": "custom_tool_call", "call_id": "c", "name": "patch", "input": "a"}
    chat = chat_of(call | {"namespace": "n"}, tools=[space])
    assert [tool["type"] for tool in chat["tools"]] == ["function"]
    [called, _] = chat["messages"]
    assert called["tool_calls"][0]["function"]["arguments"] == '{"input":"a"}'


def test_ids_that_come_again_and_inputs_that_are_no_text():
    """Some upstreams give the calls of every turn the same ids."""
    call = {"call_id": "c", "name": "patch"}
    result = {"type": "function_call_output", "call_id": "c", "output": ""}
    messages = chat_of(
        {"type": "function_call", "arguments": "not JSON", **call},
        result,
        {"type": "custom_tool_call", "input": {"a": 1}, **call},
        result,
        {"type": "custom_tool_call", "name": "patch", "call_id": {"a": 1}, "input": "b"},
        tools=[PATCH],
    )["messages"]
    custom = [c["custom"] for m in messages for c in m.get("tool_calls", ())]
    assert custom[-1] == {"name": "patch", "input": '{"a":1}'}


def test_parameters_of_both_apis():
    chat = chat_with_input(
        asked(
            reasoning={"effort": "high", "summary": "auto"},
            max_output_tokens=9,
            text={"verbosity": "low"},
            include=["reasoning.encrypted_content"],
            truncation="auto",
            seed=1,
            stream_options={"include_usage": True},
        )
    )
    assert chat.body == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "reasoning_effort": "high",
        "max_tokens": 9,
        "verbosity": "low",
        "seed": 1,
        "stream_options": {"include_usage": True},
    }
    assert chat.dropped == ("truncation",)


def test_usage_comes_only_if_the_client_asks_for_it():
    assert "stream_options" not in chat_of(stream=True)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"background": True}, "background"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"tools": [{"type": "web_search"}]}, "tools.0"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input.0.id"),
        ({"input": [1]}, "input.0"),
    ],
)
def test_what_no_chat_can_do_is_refused_by_its_name(fields, param):
    with pytest.raises(UnsendableError) as caught:
        chat_with_input(asked() | fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (asked(), True),
        (asked([]), True),
        (asked(messages=None), True),
        (asked(messages=[]), False),
        ({"model": "m", "messages": []}, False),
        (asked({"a": 1}), False),
        (asked(None), False),
    ],
)
def test_which_bodies_are_meant(body, answer):
    assert has_input(body) is answer
