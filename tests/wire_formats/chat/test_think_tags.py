"""Reasoning between tags at the beginning of an answer."""

from __future__ import annotations

from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.chat.think_tags import (
    StreamWithoutTags,
    ThinkTags,
    answer_without_tags,
    without_tags,
)
from wire_formats.sse import DONE, data_of, encoded_event, split_events

TEXTS = [
    ("<think>\nHm.\n</think>\n\nHi <think>x</think>", ("Hm.\n", "Hi <think>x</think>")),
    ("<think></think>Hi", ("", "Hi")),
    ("<think>cut by the li", ("cut by the li", "")),
    ("<think>a</thin", ("a</thin", "")),
    ("  Hi <think>x</think>", ("", "  Hi <think>x</think>")),
    ("<thinking>x</thinking>", ("", "<thinking>x</thinking>")),
    ("<thi", ("", "<thi")),
    ("", ("", "")),
]


def read(pieces: list[str]) -> tuple[str, str]:
    tags = ThinkTags()
    told = [*map(tags.take, pieces), tags.end()]
    return "".join(thought for thought, _ in told), "".join(spoken for _, spoken in told)


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_what_stands_in_tags_at_the_beginning_is_thought(text, expected):
    assert read([text]) == expected


@given(st.sampled_from(TEXTS), st.lists(st.integers(0, 60), max_size=9))
def test_a_stream_may_cut_the_tags_anywhere(sample, cuts):
    text, expected = sample
    places = [0, *sorted(cuts), len(text)]
    thought, spoken = read([text[a:b] for a, b in pairwise(places)])
    assert (thought.lstrip("\n"), spoken) == expected


def test_a_message_with_reasoning_of_its_own_stays_as_it_is():
    told = {"content": "<think>a</think>b", "reasoning": "a"}
    assert without_tags(told) is told
    parts = {"content": [{"type": "text", "text": "<think>a</think>b"}]}
    assert without_tags(parts) is parts


def test_every_choice_of_an_answer_is_looked_at():
    said = {"role": "assistant", "content": "<think>a</think>b"}
    told = answer_without_tags({"choices": [{"message": said}, {"message": said}, "odd"]})
    expected = {"role": "assistant", "content": "b", "reasoning_content": "a"}
    assert told["choices"] == [{"message": expected}, {"message": expected}, "odd"]
    for other in ({"data": []}, {"choices": [{"text": "<think>a</think>"}]}):
        assert answer_without_tags(other) is other


def chunk(index=0, finish_reason=None, **delta):
    choice = {"index": index, "delta": delta, "finish_reason": finish_reason}
    return encoded_event({"id": "c", "choices": [choice]})


async def streamed(*events):
    change = StreamWithoutTags()
    told = b"".join([await change(event) for event in events])
    said: dict = {}
    for event in split_events(told):
        data = data_of(event)
        if not data.startswith(b"{"):
            continue
        for choice in orjson.loads(data)["choices"]:
            for name in ("reasoning_content", "content"):
                text = choice["delta"].get(name) or ""
                key = (choice["index"], name)
                said[key] = said.get(key, "") + text
    return said, told


async def test_choices_are_told_apart():
    events = [
        chunk(content="<th"),
        chunk(1, content="Hel"),
        chunk(content="ink>a</th"),
        chunk(1, content="lo"),
        chunk(content="ink>"),
        chunk(content="\n\nb"),
        chunk(finish_reason="stop"),
    ]
    said, told = await streamed(*events, DONE)
    assert said == {
        (0, "content"): "b",
        (0, "reasoning_content"): "a",
        (1, "content"): "Hello",
        (1, "reasoning_content"): "",
    }
    assert told.endswith(DONE)


@pytest.mark.parametrize("end", [chunk(finish_reason="stop"), DONE], ids=["reason", "mark"])
async def test_what_was_held_back_is_told_in_the_end(end):
    said, _ = await streamed(chunk(content="<think>a</thi"), end)
    assert said[0, "reasoning_content"] == "a</thi"
    said, _ = await streamed(chunk(content="<thi"), end)
    assert said[0, "content"] == "<thi"


@pytest.mark.parametrize("index", ["²", "9" * 5000, None, [0]])
async def test_an_odd_index_breaks_nothing(index):
    said, told = await streamed(chunk(index and str(index), content="<thi"), DONE)
    assert said[0, "content"] == "<thi"
    assert told.endswith(DONE)


def test_blanks_without_end_are_not_held_back():
    tags = ThinkTags()
    told = [tags.take(" " * 100) for _ in range(20)]
    assert tags.is_over
    assert "".join(spoken for _, spoken in told) == " " * 2000


async def test_reasoning_of_its_own_and_calls_end_the_search():
    for further in ({"reasoning_content": "a"}, {"tool_calls": [{"index": 0}]}):
        said, _ = await streamed(chunk(content="<thi", **further), chunk(content="nk>"))
        assert said[0, "content"] == "<think>"


async def test_what_holds_no_answer_passes_as_it_is():
    change = StreamWithoutTags()
    for event in (b": wait\n\n", encoded_event({"choices": None}), chunk(role="assistant"), DONE):
        assert await change(event) == event
