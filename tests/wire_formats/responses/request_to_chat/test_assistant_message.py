"""The items of a response as one message of a chat."""

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought
from wire_formats.messages.request_from_chat.history import history_of
from wire_formats.responses.request_to_chat.assistant_message import AssistantDraft


def thought(text):
    return Thought(text=text, signature=f"sig {text}", format=ANTHROPIC)


def call(id_):
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_thoughts_keep_their_places_up_to_anthropic():
    message = AssistantDraft()
    message.think([thought("one")])
    message.texts.append("I look.")
    message.think([thought("two")])
    message.calls[3] = call("a")
    message.think([thought("three")])
    message.calls[5] = call("b")
    chat = message.as_chat()
    assert chat["content"] == "I look."
    asked = {"messages": [{"role": "user", "content": "Hi"}, chat]}
    asked["messages"].append({"role": "tool", "tool_call_id": "b", "content": "4"})
    blocks = history_of(asked).messages[1]["content"]
    told = [block.get("thinking") or block.get("text") or block["id"] for block in blocks]
    assert told == ["one", "I look.", "two", "a", "three", "b"]


def test_of_each_thought_every_entry_has_its_place():
    message = AssistantDraft(texts=["Hi"])
    message.think([Thought(text="a", sealed="s", id="rs_1", format=OPENAI), thought("b")])
    details = message.as_chat()["reasoning_details"]
    assert len(details) == 3
    assert {str(each["position"]) for each in details} == {"{'characters': 2, 'calls': 0}"}


def test_a_message_without_thoughts_has_no_field_for_them():
    message = AssistantDraft(texts=["a", "b"])
    assert message.as_chat() == {
        "role": "assistant",
        "content": "a\n\nb",
    }
