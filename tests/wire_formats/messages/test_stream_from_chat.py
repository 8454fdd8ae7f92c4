"""The chunks of a chat as the events of a message."""

import json

import orjson
import pytest

from proxy.client_side.errors import UpstreamAnswerError
from tests.wire_formats.messages.chats import COUNTED, STOP_REASONS, USAGE, a_tool_call
from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.stream_from_chat import TRANSLATED_CHAT, MessageEvents
from wire_formats.token_counts import Tokens


async def events(*deltas, finish_reason="stop", tokens=None):
    """The events that the chunks with ``deltas`` become, parsed."""
    change = MessageEvents(request_id="req_1", model="gpt-4o", tokens=tokens or Tokens())
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


@pytest.mark.parametrize(("finish_reason", "expected"), STOP_REASONS)
async def test_why_the_model_stopped(finish_reason, expected):
    *_, delta, _stop = await events({"content": "a"}, finish_reason=finish_reason)
    assert delta["delta"]["stop_reason"] == expected


async def test_a_call_of_a_tool_is_why_it_stopped_whatever_the_upstream_says():
    *_, delta, _stop = await events({"tool_calls": [a_tool_call()]}, finish_reason="stop")
    assert delta["delta"]["stop_reason"] == "tool_use"


async def test_a_refusal_is_one():
    *_, delta, _stop = await events({"refusal": "No."})
    assert delta["delta"]["stop_reason"] == "refusal"


async def test_cached_tokens_stand_beside_the_input():
    *_, delta, _stop = await events({"content": "a"}, tokens=COUNTED)
    assert delta["usage"] == USAGE


@pytest.mark.parametrize("calls", [None, 7, {}, ""])
async def test_calls_that_are_no_list_are_none(calls):
    assert blocks_of(await events({"content": "a", "tool_calls": calls})) == [("text", "a")]


@pytest.mark.parametrize("event", [b": hi\n\n", b'data: {"error": {"message": "no"}}\n\n'])
async def test_comments_and_the_last_word_pass_as_they_are(event):
    change = MessageEvents(request_id="req_1", model="gpt-4o", tokens=Tokens())
    assert await change(event) == event


def test_a_failure_is_told_in_the_events_of_a_message():
    error = UpstreamAnswerError("It broke off.")
    event = TRANSLATED_CHAT.error_event(error, request_id="req_1", last_block=b"")
    assert event.startswith(b"event: error\n")


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


async def test_an_answer_that_says_nothing_is_an_empty_message():
    seen = await events()
    kinds = [event["type"] for event in seen]
    assert kinds == ["message_start", "message_delta", "message_stop"]


@pytest.mark.parametrize("call", [7, {}, {"index": 1, "function": {"arguments": "{}"}}])
async def test_calls_out_of_order_are_the_upstreams_fault(call):
    with pytest.raises(UnreadableAnswerError):
        await events({"tool_calls": [call]})
