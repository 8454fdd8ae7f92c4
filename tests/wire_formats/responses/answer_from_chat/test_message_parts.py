"""What a chat's message says, part by part."""

from wire_formats.chat.reasoning import Thought
from wire_formats.responses.answer_from_chat.message_parts import parts_in_order, whole_thoughts

CALL = {"id": "a", "function": {"name": "f", "arguments": "{}"}}


def test_thoughts_stand_before_all_unless_their_places_say_otherwise():
    said = {"content": "Hi", "reasoning_content": "Hm.", "tool_calls": [CALL]}
    thoughts, content, call = parts_in_order(said, None)
    assert (thoughts, content[0]["text"], call) == ([Thought(text="Hm.")], "Hi", CALL)
    detail = {"type": "reasoning.text", "text": "Hm.", "index": 0}
    said = {"content": "Hi", "tool_calls": [CALL], "reasoning_details": [detail]}
    detail["position"] = {"characters": 2, "calls": 0}
    content, thoughts, call = parts_in_order(said, None)
    assert (thoughts, content[0]["text"], call) == ([Thought(text="Hm.")], "Hi", CALL)


def test_what_says_nothing_has_no_parts():
    assert list(parts_in_order({"content": "", "reasoning": ""}, None)) == []


def test_a_refusal_is_said_with_the_text():
    [content] = parts_in_order({"content": "No.", "refusal": "Never."}, None)
    assert [part["type"] for part in content] == ["output_text", "refusal"]


def test_a_text_beside_sealed_pieces_is_a_thought():
    sealed = {"type": "reasoning.encrypted", "data": "x"}
    told = whole_thoughts({"reasoning": "Hm.", "reasoning_details": [sealed]})
    assert told == [Thought(text="Hm."), Thought(sealed="x")]


def test_a_call_that_is_no_object_is_an_empty_one():
    assert list(parts_in_order({"tool_calls": [[None], 5]}, None)) == [{}, {}]
