"""The messages of the Messages API as those of a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.messages.content_to_chat import chat_messages, system_messages

USER = {"role": "user", "content": "Hello"}
IMAGE = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}


def messages(*given):
    return list(chat_messages(list(given)))


def test_a_system_prompt_of_several_blocks():
    blocks = [{"type": "text", "text": t, "cache_control": {}} for t in ("Be kind.", "Be brief.")]
    assert system_messages(blocks) == [{"role": "system", "content": "Be kind.\n\nBe brief."}]


@pytest.mark.parametrize("system", [None, "", []])
def test_no_system_prompt_is_no_message(system):
    assert system_messages(system) == []


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


def test_input_of_a_tool_that_is_nested_too_deeply_is_refused():
    nested: dict = {}
    for _ in range(400):
        nested = {"a": nested}
    with pytest.raises(UnsendableError):
        messages({"role": "assistant", "content": [CALL | {"input": nested}]})


@pytest.mark.parametrize(
    "message",
    [
        "Hello",
        {"role": "tool", "content": "a"},
        {"role": "user", "content": 7},
        {"role": "user", "content": [{"type": "video"}]},
        {"role": "user", "content": [{"type": []}]},
        {"role": "assistant", "content": [{"type": {}}]},
        {"role": "user", "content": [{"type": "image", "source": {}}]},
    ],
)
def test_what_a_chat_cannot_say_is_refused_with_its_place(message):
    with pytest.raises(UnsendableError) as caught:
        messages(USER, message)
    assert caught.value.param == "messages.1"


@pytest.mark.parametrize("system", [7, [{"type": "image"}]])
def test_a_system_prompt_is_text(system):
    with pytest.raises(UnsendableError) as caught:
        system_messages(system)
    assert caught.value.param == "system"
