"""A request of the Messages API as a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.messages.request_to_chat import chat_body, left_out

USER = {"role": "user", "content": "Hello"}
IMAGE = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}


def messages(*given, **fields):
    return chat_body({"model": "m", "max_tokens": 9, "messages": list(given), **fields})["messages"]


def translated(**fields):
    chat = chat_body({"model": "m", "messages": [USER], **fields})
    return {k: v for k, v in chat.items() if k not in {"model", "messages"}}


def test_a_system_prompt_of_several_blocks():
    blocks = [{"type": "text", "text": t, "cache_control": {}} for t in ("Be kind.", "Be brief.")]
    assert messages(USER, system=blocks) == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        USER,
    ]


def test_images_and_documents():
    content = [
        {"type": "image", "source": IMAGE},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {"type": "document", "source": {"type": "text", "data": "Plain"}},
        {"type": "document", "title": "a.pdf", "source": IMAGE | {"media_type": "application/pdf"}},
    ]
    [message] = messages({"role": "user", "content": content})
    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "text", "text": "Plain"},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aW1n"},
        },
    ]


def test_calls_of_tools_and_their_results():
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"}
    shown = [{"type": "text", "text": "Look:"}, {"type": "image", "source": IMAGE}]
    given = [
        USER,
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, CALL]},
        {"role": "user", "content": [{"type": "text", "text": "Here."}, result]},
        {"role": "user", "content": [result | {"content": shown}]},
    ]
    _user, called, told, said, looked, seen = messages(*given)
    function = {"name": "weather", "arguments": '{"city":"Paris"}'}
    assert called["tool_calls"] == [{"id": "toolu_1", "type": "function", "function": function}]
    assert told == {"role": "tool", "tool_call_id": "toolu_1", "content": "Rain"}
    assert said == {"role": "user", "content": "Here."}
    assert looked["content"] == "Look:"
    assert seen["content"][0]["type"] == "image_url"


def test_thoughts_stay_with_their_provider():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    text = {"type": "text", "text": "Hi"}
    [message] = messages({"role": "assistant", "content": [thought, text]})
    assert message == {"role": "assistant", "content": "Hi"}


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
        ({"messages": ["Hello"]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages.0"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages.1"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": [{"type": []}]}]}, "messages.0"),
        ({"messages": [{"role": "assistant", "content": [{"type": {}}]}]}, "messages.0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
            "messages.0",
        ),
    ],
)
def test_what_a_chat_cannot_say_is_refused_with_its_place(fields, param):
    with pytest.raises(UnsendableError) as caught:
        chat_body({"model": "m", "messages": [USER], **fields})
    assert caught.value.param == param


def test_input_of_a_tool_that_is_nested_too_deeply_is_refused():
    nested: dict = {}
    for _ in range(400):
        nested = {"a": nested}
    with pytest.raises(UnsendableError):
        messages({"role": "assistant", "content": [CALL | {"input": nested}]})
