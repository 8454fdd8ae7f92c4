"""The chunks of a chat as the events of a message: the same message that it is in one piece."""

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from wire_formats.errors import UnreadableAnswerError
from wire_formats.messages.answer_from_chat.answer import Asked, message_of
from wire_formats.messages.answer_from_chat.stream import MessageEvents
from wire_formats.messages.carried import read_carried
from wire_formats.messages.request_to_chat.thoughts import earlier_thinking
from wire_formats.token_counts import Tokens

EVENT = TypeAdapter[Any](RawMessageStreamEvent)
ASKED = Asked(request_id="req_1", model="m", stop_sequences=("STOP",), estimate=40)
WORDS = st.text("abc é\n", min_size=1, max_size=12)
OBJECTS = st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2)
SIGNED = {"extra_content": {"google": {"thought_signature": "c2ln+/="}}}
SHARED = {"id": None, "format": "anthropic-claude-v1", "index": 0}


async def events(*deltas, asked=ASKED, tokens=None, **end):
    change = MessageEvents(asked, tokens or Tokens())
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", **end}]})
    out = [await change(b"data: %b\n\n" % orjson.dumps(chunk)) for chunk in chunks]
    out.append(await change(b"data: [DONE]\n\n"))
    lines = b"".join(out).decode().split("\n")
    told = [line[6:] for line in lines if line.startswith("data: ")]
    for event in told:
        EVENT.validate_json(event, strict=True)
    return [json.loads(event) for event in told]


def content_of(seen):
    """The content as the SDKs build it: signatures replace, inputs are read in the end."""
    built, inputs, open_ = [], {}, None
    for event in seen:
        match event["type"]:
            case "content_block_start":
                assert (open_, event["index"]) == (None, len(built))
                open_ = event["index"]
                built.append(dict(event["content_block"]))
            case "content_block_stop":
                assert open_ == event["index"]
                open_ = None
            case "content_block_delta":
                assert open_ == event["index"]
                delta, block = event["delta"], built[-1]
                for name in ("text", "thinking"):
                    block |= {name: block[name] + delta[name]} if name in delta else {}
                block |= {"signature": delta["signature"]} if "signature" in delta else {}
                if "partial_json" in delta:
                    inputs[open_] = inputs.get(open_, "") + delta["partial_json"]
    for place, text in inputs.items():
        built[place]["input"] = json.loads(text)
    assert open_ is None
    return built


def whole(finish_reason="stop", asked=ASKED, **said):
    choice = {"index": 0, "message": said, "finish_reason": finish_reason}
    message = message_of({"choices": [choice]}, asked, Tokens(reasoning=1))
    Message.model_validate_json(orjson.dumps(message), strict=True)
    return message


def a_call(place, arguments, id_=None, name="f", **fields):
    call = {"index": place, "function": {"name": name, "arguments": json.dumps(arguments)}}
    return call | ({"id": id_} if id_ else {}) | fields


def pieces(text):
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def deltas_of(said):
    for name in ("reasoning_content", "reasoning", "content"):
        for piece in pieces(said.get(name) or ""):
            yield {name: piece}
    for call in said["tool_calls"]:
        first, second = pieces(call["function"]["arguments"])
        yield {"tool_calls": [call | {"function": {"name": "f", "arguments": first}}]}
        yield {"tool_calls": [{"index": call["index"], "function": {"arguments": second}}]}


@given(
    field=st.sampled_from(["reasoning_content", "reasoning"]),
    reasoning=WORDS | st.none(),
    content=WORDS | st.none(),
    inputs=st.lists(OBJECTS, max_size=3),
    has_ids=st.booleans(),
    is_signed=st.booleans(),
)
async def test_a_stream_tells_what_the_whole_says(
    field, reasoning, content, inputs, has_ids, is_signed
):
    calls = [a_call(n, each, f"c{n}" if has_ids else None) for n, each in enumerate(inputs)]
    if calls and is_signed:
        calls[0] |= SIGNED
    said = {field: reasoning, "content": content, "tool_calls": calls}
    told = await events(*deltas_of(said))
    assert content_of(told) == whole(**said)["content"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
async def test_reasoning_is_told_as_it_comes(field):
    seen = await events({field: "Hm"}, {field: "m."}, {"content": "Hi"})
    kinds = [event.get("delta", event.get("content_block", {})).get("type") for event in seen]
    assert kinds == [
        *[None, "thinking", "thinking_delta", "thinking_delta", "signature_delta", None],
        *["text", "text_delta", None, None, None],
    ]
    thinking, _text = content_of(seen)
    carried = read_carried(thinking["signature"])
    assert (thinking["thinking"], carried.reasoning_field, carried.model) == ("Hmm.", field, "m")


@pytest.mark.parametrize("format_", ["", "anthropic-claude-v1"])
async def test_a_client_that_wants_no_thoughts_gets_their_signatures(format_):
    asked = replace(ASKED, hides_thoughts=True)
    detail = {"type": "reasoning.text", "text": "Hm.", "index": 0, "id": None, "format": format_}
    told = {"reasoning": "Hm.", "reasoning_details": [detail | {"signature": "c2ln"}]}
    block, spoken = content_of(await events(told, {"content": "Hi"}, asked=asked))
    assert whole(asked=asked, content="Hi", **told)["content"] == [block, spoken]
    assert (block["type"], block["thinking"], spoken["text"]) == ("thinking", "", "Hi")
    came_back = earlier_thinking([block], model="m")
    assert (came_back.text, came_back.thoughts[0].signature) == ("Hm.", "c2ln")
    assert earlier_thinking([block], model="another").text == "Hm."


async def test_a_thought_that_is_told_once_more_with_its_signature_is_told_once():
    detail = {"type": "reasoning.text", "text": "Hmm.", "signature": "sig", **SHARED}
    again = {"reasoning_details": [detail], "thinking_blocks": []}
    seen = await events({"reasoning_content": "Hm"}, {"reasoning_content": "m."}, again)
    assert content_of(seen) == [{"type": "thinking", "thinking": "Hmm.", "signature": "sig"}]


async def test_two_signed_thoughts_are_two_blocks():
    details = [
        {"type": "reasoning.text", "text": text, "signature": f"sig {text}", **SHARED}
        for text in "ab"
    ]
    deltas = [{"reasoning": d["text"], "reasoning_details": [d]} for d in details]
    assert [block["signature"] for block in content_of(await events(*deltas))] == ["sig a", "sig b"]


async def test_anthropics_sealed_thoughts_stay_as_they_are():
    sealed = {"type": "reasoning.encrypted", "data": "c2VhbGVk", **SHARED}
    expected = [{"type": "redacted_thinking", "data": "c2VhbGVk"}]
    said = {"reasoning_details": [sealed]}
    assert content_of(await events(said)) == expected == whole(**said)["content"]


async def test_openais_sealed_reasoning_is_carried():
    shared = {"id": "rs_1", "format": "openai-responses-v1", "index": 0}
    details = [
        {"type": "reasoning.summary", "summary": "Hm.", **shared},
        {"type": "reasoning.encrypted", "data": "c2VhbGVk", **shared},
    ]
    said = {"reasoning_content": "Hm.", "reasoning_details": details}
    seen = content_of(await events({"reasoning_content": "Hm."}, {"reasoning_details": details}))
    assert seen == whole(**said)["content"]
    [thought] = read_carried(seen[0]["signature"]).with_text("Hm.")
    assert (thought.id, thought.sealed, thought.is_summary) == ("rs_1", "c2VhbGVk", True)


async def test_parts_of_thinking_and_text():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    said = {"content": [thinking, {"type": "text", "text": "Hi"}]}
    seen = content_of(await events(said))
    assert seen == whole(**said)["content"]
    assert [block.get("thinking", block.get("text")) for block in seen] == ["Hm.", "Hi"]


async def test_text_between_the_pieces_of_a_call_waits_for_its_end():
    seen = await events(
        {"tool_calls": [a_call(0, {}, "c") | {"function": {"name": "f", "arguments": '{"a"'}}]},
        {"content": "Let me "},
        {"content": "look."},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    )
    call, text = content_of(seen)
    assert (call["input"], text["text"]) == ({"a": 1}, "Let me look.")


async def test_pieces_of_parallel_calls_in_any_order():
    seen = await events(
        {"tool_calls": [a_call(0, {}, "c0") | {"function": {"name": "f", "arguments": '{"a"'}}]},
        {"tool_calls": [a_call(1, {}, "c1") | {"function": {"name": "g", "arguments": '{"b"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": ":2}"}}]},
    )
    assert [(block["name"], block["input"]) for block in content_of(seen)] == [
        ("f", {"a": 1}),
        ("g", {"b": 2}),
    ]


@pytest.mark.parametrize("index", [None, 0])
async def test_calls_without_ids_and_places_are_told_apart(index):
    calls = [a_call(index, {"a": n}) for n in range(2)]
    for call in calls:
        call["function"]["arguments"] = {"a": call["function"]["arguments"]}  # an object
    seen = content_of(await events(*[{"tool_calls": [call]} for call in calls]))
    assert [block["input"] for block in seen] == [{"a": '{"a": 0}'}, {"a": '{"a": 1}'}]
    assert len({block["id"] for block in seen}) == 2


async def test_a_name_in_every_piece_is_still_one_call():
    halves = [{"name": "f", "arguments": part} for part in ('{"a":', "1}", "")]
    deltas = [{"tool_calls": [{"index": 0, "function": half}]} for half in halves]
    [call] = content_of(await events(*deltas))
    assert call["input"] == {"a": 1}


async def test_a_signature_that_comes_after_its_call_is_carried_too():
    late = {"index": 0, "function": {"arguments": ""}, **SIGNED}
    seen = content_of(
        await events({"tool_calls": [a_call(0, {}, "c")]}, {"tool_calls": [late]}, {"content": "a"})
    )
    assert [block["type"] for block in seen] == ["tool_use", "redacted_thinking", "text"]
    assert read_carried(seen[1]["data"]).signatures == {"c": "c2ln+/="}


async def test_a_signature_of_the_message_itself_is_carried():
    said = {"content": "Hi", **SIGNED}
    *_, last = content_of(await events(said))
    assert read_carried(last["data"]).signatures == {"": "c2ln+/="}
    assert whole(**said)["content"][-1] == last


async def test_more_of_a_call_that_has_ended_is_the_upstreams_fault():
    call = a_call(0, {}, "c")
    more = {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}
    with pytest.raises(UnreadableAnswerError):
        await events({"tool_calls": [call]}, {"content": "a"}, more)


@pytest.mark.parametrize("name", ["stop_reason", "matched_stop"])
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("STOP", ("stop_sequence", "STOP")),
        ("elsewhere", ("end_turn", None)),
        (151643, ("end_turn", None)),
    ],
)
async def test_the_sequence_that_stopped_it_is_told(name, value, expected):
    *_, delta, _stop = await events({"content": "a"}, **{name: value})
    assert (delta["delta"]["stop_reason"], delta["delta"]["stop_sequence"]) == expected
    choice = {"message": {"content": "a"}, "finish_reason": "stop", name: value}
    message = message_of({"choices": [choice]}, ASKED, Tokens())
    assert (message["stop_reason"], message["stop_sequence"]) == expected


async def test_one_of_several_choices_is_told():
    change = MessageEvents(ASKED, Tokens())
    choices = [{"index": n, "delta": {"content": f"choice {n}"}} for n in range(2)]
    chunk = b"data: %b\n\n" % orjson.dumps({"choices": choices})
    seen = (await change(chunk) + await change(chunk)).decode()
    assert (seen.count("choice 0"), seen.count("choice 1")) == (2, 0)


@pytest.mark.parametrize(("prompt", "expected"), [(None, 40), (9, 9)])
async def test_an_estimate_stands_where_nothing_was_counted(prompt, expected):
    first, *_, delta, _stop = await events({"content": "a"}, tokens=Tokens(prompt=prompt))
    assert first["message"]["usage"]["input_tokens"] == 40
    assert delta["usage"]["input_tokens"] == expected


async def test_reasoning_tokens_are_told():
    *_, delta, _stop = await events({"content": "a"}, tokens=Tokens(completion=9, reasoning=7))
    assert delta["usage"]["output_tokens_details"] == {"thinking_tokens": 7}


def test_arguments_that_the_limit_cut_are_none():
    call = {"id": "c", "function": {"name": "f", "arguments": '{"city": "Par'}}
    message = whole(finish_reason="length", content=None, tool_calls=[call])
    assert (message["content"][0]["input"], message["stop_reason"]) == ({}, "max_tokens")


def test_arguments_that_were_encoded_twice():
    call = {"id": "c", "function": {"name": "f", "arguments": json.dumps('{"a": 1}')}}
    assert whole(content=None, tool_calls=[call])["content"][0]["input"] == {"a": 1}


def test_the_first_choice_with_a_message_counts():
    choices = [{"index": 0}, {"index": 1, "message": {"content": "a"}, "finish_reason": "stop"}]
    assert message_of({"choices": choices}, ASKED, Tokens())["content"][0]["text"] == "a"


async def test_an_id_that_an_earlier_call_has_is_replaced():
    asked = Asked(request_id="req_1", model="m", ids=frozenset({"call_0"}))
    calls = [a_call(n, {}, "call_0") for n in range(2)]
    seen = content_of(await events({"tool_calls": calls}, asked=asked))
    assert seen == whole(content=None, tool_calls=calls, asked=asked)["content"]
    assert len({"call_0", *(block["id"] for block in seen)}) == 3
