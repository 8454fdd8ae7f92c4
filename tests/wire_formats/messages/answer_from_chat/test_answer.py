"""A chat completion, whole or in chunks, as a message."""

import json

import orjson
import pytest

from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.answer_from_chat.answer import Asked, message_of
from wire_formats.messages.answer_from_chat.stream import MessageEvents
from wire_formats.token_counts import Tokens

ASKED = Asked(request_id="req_1", model="m")


def message(finish_reason="stop", tokens=None, **said):
    choice = {"index": 0, "message": said, "finish_reason": finish_reason}
    return message_of({"choices": [choice]}, ASKED, tokens or Tokens())


def a_tool_call(index=0, id_="call_1", name="f", arguments="{}"):
    return {"index": index, "id": id_, "function": {"name": name, "arguments": arguments}}


async def events(*deltas, finish_reason="stop", tokens=None):
    """The events that the chunks with ``deltas`` become, parsed."""
    change = MessageEvents(ASKED, tokens or Tokens())
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish_reason}]})
    out = [await change(b"data: %b\n\n" % orjson.dumps(chunk)) for chunk in chunks]
    out.append(await change(b"data: [DONE]\n\n"))
    lines = b"".join(out).decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: ")]


def blocks_of(seen):
    """The content the events build, as a client would build it."""
    built = []
    for event in seen:
        if event["type"] == "content_block_start":
            assert event["index"] == len(built)
            built.append(event["content_block"] | {"json": ""})
        if event["type"] == "content_block_delta":
            assert event["index"] == len(built) - 1
            built[-1]["json"] += event["delta"].get("partial_json", event["delta"].get("text"))
    return [(block.get("name", "text"), block["json"]) for block in built]


@pytest.mark.parametrize(
    ("finish_reason", "expected"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("tool_calls", "tool_use"),
        ("content_filter", "refusal"),
        (None, "end_turn"),
        ({}, "end_turn"),
    ],
)
async def test_why_the_model_stopped(finish_reason, expected):
    assert message(finish_reason, content="a")["stop_reason"] == expected
    *_, delta, _stop = await events({"content": "a"}, finish_reason=finish_reason)
    assert delta["delta"]["stop_reason"] == expected


async def test_a_call_of_a_tool_is_why_it_stopped_whatever_the_upstream_says():
    call = a_tool_call()
    assert message("stop", content=None, tool_calls=[call])["stop_reason"] == "tool_use"
    *_, delta, _stop = await events({"tool_calls": [call]}, finish_reason="stop")
    assert delta["delta"]["stop_reason"] == "tool_use"


async def test_a_refusal_is_one():
    refused = message(content=None, refusal="No.")
    assert (refused["stop_reason"], refused["content"][0]["text"]) == ("refusal", "No.")
    *_, delta, _stop = await events({"refusal": "No."})
    assert delta["delta"]["stop_reason"] == "refusal"


async def test_cached_tokens_stand_beside_the_input():
    tokens = Tokens(prompt=13, cached=4, cache_write=3, completion=2)
    expected = {
        "input_tokens": 6,
        "cache_creation_input_tokens": 3,
        "cache_read_input_tokens": 4,
        "output_tokens": 2,
    }
    assert message(content="a", tokens=tokens)["usage"] == expected
    *_, delta, _stop = await events({"content": "a"}, tokens=tokens)
    assert delta["usage"] == expected


async def test_blocks_come_one_after_another():
    seen = await events(
        {"role": "assistant", "content": ""},
        {"content": "Let me "},
        {"content": "look."},
        {"tool_calls": [a_tool_call(0, "call_1", "f", "")]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
        {"tool_calls": [a_tool_call(1, "call_2", "g", '{"b": 2}')]},
    )
    assert [seen[0]["type"], seen[-1]["type"]] == ["message_start", "message_stop"]
    assert blocks_of(seen) == [("text", "Let me look."), ("f", '{"a":1}'), ("g", '{"b": 2}')]
    stopped = [event["index"] for event in seen if event["type"] == "content_block_stop"]
    assert stopped == [0, 1, 2]


async def test_calls_that_all_have_the_same_index_are_told_apart_by_their_ids():
    first, second = a_tool_call(0, "call_1", "f", "{}"), a_tool_call(0, "call_2", "g", "{}")
    assert blocks_of(await events({"tool_calls": [first]}, {"tool_calls": [second]})) == [
        ("f", "{}"),
        ("g", "{}"),
    ]


async def test_an_id_in_every_piece_of_a_call_is_still_one_call():
    pieces = [a_tool_call(0, "call_1", "f", part) for part in ("{", "}")]
    assert blocks_of(await events(*[{"tool_calls": [piece]} for piece in pieces])) == [("f", "{}")]


@pytest.mark.parametrize("calls", [None, 7, {}, ""])
async def test_calls_that_are_no_list_are_none(calls):
    assert message(content="a", tool_calls=calls)["stop_reason"] == "end_turn"
    assert blocks_of(await events({"content": "a", "tool_calls": calls})) == [("text", "a")]


async def test_an_answer_that_says_nothing_is_an_empty_message():
    seen = await events()
    kinds = [event["type"] for event in seen]
    assert kinds == ["message_start", "message_delta", "message_stop"]


@pytest.mark.parametrize("call", [7, {}, {"index": 1, "function": {"arguments": "{}"}}])
async def test_calls_out_of_order_are_the_upstreams_fault(call):
    with pytest.raises(UnreadableAnswerError):
        await events({"tool_calls": [call]})


@pytest.mark.parametrize(
    "said",
    [
        {"tool_calls": [{"id": "a", "function": {}}]},
        {"tool_calls": [a_tool_call(arguments="no JSON")]},
        {"tool_calls": [a_tool_call(arguments="[]")]},
    ],
)
def test_calls_that_make_no_sense_are_the_upstreams_fault(said):
    with pytest.raises(UnreadableAnswerError):
        message(**said)


@pytest.mark.parametrize("answer", [{}, {"choices": []}, {"choices": [{"text": "a"}]}])
def test_what_is_no_chat_completion_is_the_upstreams_fault(answer):
    with pytest.raises(UnreadableAnswerError):
        message_of(answer, ASKED, Tokens())
