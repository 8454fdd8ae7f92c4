"""What clients carry from one request to the next without reading it."""

from base64 import urlsafe_b64encode

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.chat.reasoning import GOOGLE, OPENAI, Thought
from wire_formats.messages.carried import (
    MARK,
    carried_signatures,
    carried_thoughts,
    is_carried,
    read_carried,
    without_carried,
)

TEXTS = st.text(max_size=9)
THOUGHTS = st.builds(
    Thought,
    text=TEXTS,
    signature=TEXTS,
    sealed=TEXTS.map(lambda text: text + "s"),
    id=TEXTS,
    format=st.sampled_from(["", OPENAI, GOOGLE]),
    is_summary=st.booleans(),
)


def written(value):
    return MARK + urlsafe_b64encode(orjson.dumps(value)).decode()


@given(st.lists(THOUGHTS, min_size=1, max_size=3), st.sampled_from(["reasoning", "content"]))
def test_thoughts_come_back_as_they_were(thoughts, reasoning_field):
    text = "".join(thought.text for thought in thoughts)
    carried = read_carried(carried_thoughts(thoughts, reasoning_field=reasoning_field, model="m"))
    assert carried is not None
    assert (list(carried.with_text(text)), carried.reasoning_field) == (thoughts, reasoning_field)


def test_a_text_that_the_client_changed_is_one_thought():
    thoughts = [Thought(text="a", sealed="s"), Thought(text="b")]
    carried = read_carried(carried_thoughts(thoughts, reasoning_field="reasoning", model="m"))
    assert carried is not None
    assert carried.with_text("changed") == (Thought(text="changed"),)


def test_signatures_of_calls():
    carried = read_carried(carried_signatures({"c": "sig"}, model="m"))
    assert carried is not None
    assert (carried.signatures, carried.model) == ({"c": "sig"}, "m")


def test_an_id_alone_is_never_read():
    """It would name what the upstream keeps, for whomever."""
    carried = read_carried(written({"t": [[0, "", "", "rs_of_another", OPENAI, False]]}))
    assert carried is not None
    assert carried.thoughts[0].id == ""


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"t": 7, "g": [], "s": "messages", "m": 7},
        {"t": [7, [], ["x", "", "", "", "", False], [0, {}, "", "", "", False]]},
        {"g": {"c": {"file_id": "file_1"}, "d": 7, "e": ""}},
    ],
)
def test_what_a_client_made_up_says_nothing(value):
    carried = read_carried(written(value))
    assert carried is not None
    assert (carried.thoughts, carried.signatures, carried.reasoning_field) == ((), {}, "")


@pytest.mark.parametrize("text", [MARK, f"{MARK}é", f"{MARK}!!!", f"{MARK}e30", written([]), "sig"])
def test_what_is_damaged_carries_nothing(text):
    assert read_carried(text) is None


@pytest.mark.parametrize("text", [None, 7, "", "EqQBCgIYAhIM", "gatehouse.v2.e30="])
def test_other_signatures_are_none_of_ours(text):
    assert not is_carried(text)


@given(st.lists(THOUGHTS, min_size=1, max_size=3))
def test_a_block_without_text_carries_the_text_too(thoughts):
    written_so = carried_thoughts(thoughts, reasoning_field="reasoning", model="m", is_hidden=True)
    carried = read_carried(written_so)
    assert carried is not None
    assert list(carried.with_text("")) == thoughts
    assert carried.hidden_text == "".join(thought.text for thought in thoughts)


@pytest.mark.parametrize("texts", [[1], ["a", "b"], "a", None])
def test_texts_that_fit_no_thoughts_are_not_read(texts):
    value = {"t": [[1, "", "", "", OPENAI, False]], "x": texts}
    carried = read_carried(written(value))
    assert carried is not None
    assert (carried.texts, carried.hidden_text) == ((), "")


# Conversations that go on where Messages are spoken

CARRIED = carried_thoughts([Thought(text="Hm.")], reasoning_field="reasoning", model="m")
TEXT = {"type": "text", "text": "Hi"}
THEIRS = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"}
USER = {"role": "user", "content": "Hello"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": CARRIED},
        {"type": "redacted_thinking", "data": carried_signatures({"c": "s"}, model="m")},
    ],
)
def test_thinking_that_came_from_chats_is_left_out(block):
    said = {"role": "assistant", "content": [block, THEIRS, TEXT]}
    kept = without_carried({"messages": [USER, said], "max_tokens": 9})
    assert kept == {"messages": [USER, said | {"content": [THEIRS, TEXT]}], "max_tokens": 9}
    alone = {"role": "assistant", "content": [block]}
    assert without_carried({"messages": [USER, alone]}) == {"messages": [USER]}


@pytest.mark.parametrize("content", ["Hi", [THEIRS, TEXT], [5, {}], None])
def test_what_holds_none_stays_the_same_object(content):
    body = {"messages": [{"role": "assistant", "content": content}, 5]}
    assert without_carried(body) is body
