"""The messages of a chat, put together turn by turn."""

from tests.wire_formats.messages.request_to_chat.test_content import (
    CALL,
    RESULT,
    USER,
    assistant,
    user,
    written,
)
from wire_formats.messages.request_to_chat.joined_messages import JoinedMessages


def test_neighbours_of_one_role_are_one_turn():
    said = [assistant({"type": "text", "text": text}) for text in "ab"]
    messages, _ = written(USER, user({"type": "text", "text": "There"}), *said)
    assert messages == [
        {"role": "user", "content": "Hello\n\nThere"},
        {"role": "assistant", "content": "a\n\nb"},
    ]


def test_mistral_hears_no_user_right_after_a_tool():
    text = {"type": "text", "text": "And?"}
    messages, _ = written(USER, assistant(CALL), user(RESULT, text), model="mistral-large")
    assert messages[-1]["role"] == "tool"
    assert messages[-1]["content"] == "Rain\n\nAnd?"


def test_calls_wait_for_their_results():
    turns = JoinedMessages(has_strict_roles=False)
    turns.append({"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]})
    turns.append({"role": "tool", "tool_call_id": "a", "content": "Rain"})
    assert turns.called == {"a", "b"}
    turns.append(USER)
    assert turns.called == frozenset()
