"""A request of the Messages API as a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.messages.request_to_chat import chat_body, left_out

USER = {"role": "user", "content": "Hello"}


def test_the_system_prompt_is_the_first_message():
    chat = chat_body({"model": "m", "messages": [USER], "system": "Be brief."})
    assert chat["messages"] == [{"role": "system", "content": "Be brief."}, USER]


def translated(**fields):
    chat = chat_body({"model": "m", "messages": [USER], **fields})
    return {k: v for k, v in chat.items() if k not in {"model", "messages"}}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            {
                "tool_choice": {"type": "function", "function": {"name": "f"}},
                "parallel_tool_calls": False,
            },
        ),
    ],
)
def test_the_choice_of_a_tool(choice, expected):
    assert translated(tool_choice=choice) == expected


def test_other_fields():
    schema = {"type": "object"}
    assert translated(
        stream=True,
        temperature=0,
        stop_sequences=["."],
        metadata={"user_id": "u"},
        output_config={"format": {"type": "json_schema", "schema": schema}},
    ) == {
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "stop": ["."],
        "user": "u",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }


def test_what_only_tunes_the_answer_is_left_out_and_named():
    tuning = {"top_k": 5, "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    body = {"model": "m", "messages": [USER], **tuning}
    assert chat_body(body) == {"model": "m", "messages": [USER]}
    assert left_out(body) == ("top_k", "thinking", "output_config.effort")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools.0"),
        ({"tools": [{"name": "f"}]}, "tools.0"),
        ({"tools": "f"}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config"),
        ({"system": 7}, "system"),
        ({"system": [{"type": "image"}]}, "system"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages.1"),
    ],
)
def test_what_a_chat_cannot_say_is_refused_with_its_place(fields, param):
    with pytest.raises(UnsendableError) as caught:
        chat_body({"model": "m", "messages": [USER], **fields})
    assert caught.value.param == param
