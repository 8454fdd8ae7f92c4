"""The messages of a chat as Ollama's, whatever stands in its past."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import write_json
from wire_formats.ollama.answer_to_chat import ChatTranslation
from wire_formats.ollama.request_from_chat import chat_request

HI = [{"role": "user", "content": "why is the sky blue?"}]
FIELDS = [
    "type",
    "text",
    "image_url",
    "id",
    "function",
    "name",
    "arguments",
    "message",
    "content",
    "tool_calls",
    "done",
    "",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)


def written(messages: list):
    return chat_request({"messages": messages}, model="m")


@given(anything, anything, anything)
def test_any_past_is_understood(calls, result, thoughts):
    said = {"role": "assistant", "content": None, "tool_calls": calls, "thinking_blocks": thoughts}
    body = {
        "messages": [said, {"role": "tool", "content": result}, {"role": "user", "content": "Hi"}],
        "tools": calls,
    }
    told = chat_request(body, model="m").body
    assert write_json(told)
    assert [message["role"] for message in told["messages"]] == ["assistant", "tool", "user"]
    for call in told["messages"][0].get("tool_calls", ()):
        assert isinstance(call["function"]["arguments"], dict)


@given(st.lists(anything, max_size=4))
def test_any_question_is_understood_or_refused(content):
    body = {"messages": [{"role": "user", "content": content}]}
    try:
        assert chat_request(body, model="m").body["messages"]
    except UnsendableError:
        return


@given(st.lists(st.dictionaries(st.sampled_from(FIELDS), anything, max_size=4), max_size=5))
def test_odd_lines_never_fail_a_stream(lines):
    translation = ChatTranslation("req_1")
    for line in lines:
        for chunk in translation.event(line):
            assert "choices" in chunk


def test_images_are_bare_base64() -> None:
    parts = [
        {"type": "text", "text": "What?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
    ]
    [message] = written([{"role": "user", "content": parts}]).body["messages"]
    assert message == {"role": "user", "content": "What?", "images": ["iVBO"]}


def test_calls_of_tools_and_their_results() -> None:
    function = {"name": "get_weather", "arguments": '{"city": "Paris"}'}
    call = {"id": "call_1", "type": "function", "function": function}
    messages = [
        {"role": "developer", "content": "Be brief."},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "22°"},
    ]
    system, assistant, tool = written(messages).body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    called = {"name": "get_weather", "arguments": {"city": "Paris"}}
    assert assistant["tool_calls"] == [{"id": "call_1", "function": called}]
    assert tool == {
        "role": "tool",
        "content": "22°",
        "tool_name": "get_weather",
        "tool_call_id": "call_1",
    }


def past(*messages: dict) -> list[dict]:
    """Ollama's messages for a conversation that goes on after ``messages``."""
    *told, last = written([*messages, *HI]).body["messages"]
    assert last == HI[0]
    return told


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm"},
        {"reasoning": "Hm"},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm", "id": "rs_1"}]},
        {"thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "x"}]},
        {"content": [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Hi"}]},
    ],
)
def test_thinking_goes_back_in_whatever_way_it_was_told(fields: dict) -> None:
    [told] = past({"role": "assistant", "content": "Hi"} | fields)
    assert told == {"role": "assistant", "content": "Hi", "thinking": "Hm"}
    request = written([{"role": "assistant"} | fields, *HI])
    assert request.dropped == ()


def test_sealed_thinking_is_left_out_and_named() -> None:
    sealed = {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}
    request = written([{"role": "assistant", "content": "Hi"} | sealed, *HI])
    assert "thinking" not in request.body["messages"][0]
    assert request.dropped == ("messages.reasoning_details",)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"city": "Oslo"}, {"city": "Oslo"}),
        ("", {}),
        (None, {}),
        ('{"city": ', {"arguments": '{"city": '}),
        ("[1]", {"arguments": [1]}),
    ],
)
def test_arguments_of_any_kind_become_an_object(arguments: object, told: dict) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    [said] = past({"role": "assistant", "content": None, "tool_calls": [call]})
    assert said["tool_calls"][0]["function"]["arguments"] == told


def test_what_the_past_cannot_hold_is_left_out_and_named() -> None:
    image = {"type": "image_url", "image_url": {"url": "https://x/y.png"}}
    messages = [
        {"role": "user", "content": [image, {"type": "text", "text": "See"}], "name": "bob"},
        {"role": "assistant", "content": None, "refusal": "No.", "tool_calls": [{"id": "x"}]},
        {"role": "function", "name": "f", "content": {"a": 1}},
        *HI,
    ]
    request = written(messages)
    told = request.body["messages"]
    assert [each["content"] for each in told] == ["See", "No.", '{"a":1}', HI[0]["content"]]
    assert told[2]["tool_name"] == "f"
    assert request.dropped == (
        "messages.content",
        "messages.name",
        "messages.tool_calls",
    )


@pytest.mark.parametrize(
    "part", [{"type": "input_audio"}, {"type": "image_url", "image_url": "https://x"}]
)
def test_what_ollama_cannot_be_given_is_refused(part: dict) -> None:
    with pytest.raises(UnsendableError):
        written([{"role": "user", "content": [part]}])
