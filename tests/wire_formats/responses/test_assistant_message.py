"""The items of a response as one message of a chat."""

from wire_formats.chat.reasoning import ANTHROPIC, OPENAI, Thought
from wire_formats.messages.history_from_chat import history_of
from wire_formats.responses.assistant_turn import Turn


def thought(text):
    return Thought(text=text, signature=f"sig {text}", format=ANTHROPIC)


def call(id_):
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_thoughts_keep_their_places_up_to_anthropic():
    turn = Turn()
    turn.think([thought("one")])
    turn.texts.append("I look.")
    turn.think([thought("two")])
    turn.calls[3] = call("a")
    turn.think([thought("three")])
    turn.calls[5] = call("b")
    message = turn.message()
    assert message["content"] == "I look."
    asked = {"messages": [{"role": "user", "content": "Hi"}, message]}
    asked["messages"].append({"role": "tool", "tool_call_id": "b", "content": "4"})
    blocks = history_of(asked).messages[1]["content"]
    told = [block.get("thinking") or block.get("text") or block["id"] for block in blocks]
    assert told == ["one", "I look.", "two", "a", "three", "b"]


def test_of_each_thought_every_entry_has_its_place():
    turn = Turn(texts=["Hi"])
    turn.think([Thought(text="a", sealed="s", id="rs_1", format=OPENAI), thought("b")])
    details = turn.message()["reasoning_details"]
    assert len(details) == 3
    assert {str(each["position"]) for each in details} == {"{'characters': 2, 'calls': 0}"}


def test_a_turn_without_thoughts_has_no_field_for_them():
    assert Turn(texts=["a", "b"]).message() == {"role": "assistant", "content": "a\n\nb"}
