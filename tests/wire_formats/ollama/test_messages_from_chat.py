"""Any past of a chat as Ollama's messages."""

from hypothesis import given
from hypothesis import strategies as st

from wire_formats.errors import UnsendableError
from wire_formats.json_numbers import write_json
from wire_formats.ollama.answer_to_chat import ChatTranslation
from wire_formats.ollama.request_from_chat import chat_request

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
