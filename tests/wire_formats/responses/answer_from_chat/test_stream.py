"""The chunks of a chat as the events of a response, as the official SDK reads them."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from tests.wire_formats.responses.answer_from_chat.test_answer import TOKENS, TOOLS, asked
from wire_formats.errors import UnreadableAnswerError
from wire_formats.responses.answer_from_chat.answer import response_of
from wire_formats.responses.answer_from_chat.stream import ResponseEvents
from wire_formats.responses.dialect import TRANSLATED_CHAT
from wire_formats.responses.sealed import opened
from wire_formats.sse import DONE, data_of, encoded_event, split_events, typed_event

EVENTS = TypeAdapter(ResponseStreamEvent)
SIGNED = {"type": "thinking", "thinking": "Rain?", "signature": "c2ln"}
DETAIL = {
    "type": "reasoning.text",
    "text": "Rain?",
    "signature": "c2ln",
    "format": "anthropic-claude-v1",
    "index": 0,
}


def chunk(finish_reason=None, logprobs=None, **delta):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": logprobs}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def piece(arguments=None, *, name=None, **fields):
    function = {"name": name, "arguments": arguments}
    return fields | {"function": {k: v for k, v in function.items() if v is not None}}


async def told(*chunks, **body):
    events = ResponseEvents(asked(**body), TOKENS)
    blocks = [
        await events(each if isinstance(each, bytes) else encoded_event(each)) for each in chunks
    ]
    return checked(b"".join(blocks))


def checked(stream):
    events = [json.loads(data_of(event)) for event in split_events(stream)]
    for number, event in enumerate(events):
        EVENTS.validate_python(event, strict=True)
        assert event["sequence_number"] == number
    return events


async def output(*chunks, **body):
    events = await told(*chunks, DONE, **body)
    made = events[-1]["response"]["output"]
    added = [each["output_index"] for each in events if each["type"].endswith("item.added")]
    done = {e["output_index"]: e["item"] for e in events if e["type"].endswith("item.done")}
    assert added == list(range(len(made)))  # the SDK appends items as they come
    assert [done[index] for index in sorted(done)] == made
    return made


def types(events):
    return [each["type"].removeprefix("response.") for each in events]


async def test_a_text():
    events = await told(
        chunk(role="assistant", content=""), chunk(content="H"), chunk(content="i"), DONE
    )
    assert types(events) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert events[-1]["response"]["usage"]["total_tokens"] == 11


async def test_reasoning_then_a_text():
    events = await told(
        chunk(reasoning="Ra"), chunk(reasoning="in?"), chunk(content="Yes."), chunk("stop"), DONE
    )
    assert types(events)[2:10] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
    ]


async def test_reasoning_as_a_summary():
    events = await told(chunk(reasoning="Rain?"), DONE, reasoning={"summary": "auto"})
    assert types(events)[3:7] == [
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
    ]


@pytest.mark.parametrize(
    "deltas",
    [
        [{"reasoning_content": "Ra"}, {"reasoning_content": "in?"}, {"thinking_blocks": [SIGNED]}],
        [{"reasoning": "Rain?"}, {"reasoning_details": [DETAIL]}],
        [{"reasoning_details": [DETAIL]}],
        [{"reasoning": "Rain?", "reasoning_details": [DETAIL]}],
        [
            {"reasoning": t, "reasoning_details": [DETAIL | {"text": t, "signature": s}]}
            for t, s in (("Ra", None), ("in?", None), ("", "c2ln"))
        ],
        [
            {"reasoning_content": t, "thinking_blocks": [SIGNED | {"thinking": t, "signature": s}]}
            for t, s in (("Ra", None), ("in?", ""), ("", "c2ln"))
        ],
    ],
)
async def test_a_signature_is_kept_with_all_of_its_thought(deltas):
    reasoning, message = await output(*(chunk(**each) for each in deltas), chunk(content="Yes."))
    assert reasoning["content"] == [{"type": "reasoning_text", "text": "Rain?"}]
    [thought] = opened(reasoning["encrypted_content"]).thoughts
    assert (thought.text, thought.signature) == ("Rain?", "c2ln")
    assert message["content"][0]["text"] == "Yes."


async def test_a_signature_that_is_late_is_kept_and_its_thought_not_shown_twice():
    items = await output(
        chunk(reasoning="Rain?"), chunk(content="Yes."), chunk(reasoning_details=[DETAIL])
    )
    assert [item["type"] for item in items] == ["reasoning", "message", "reasoning"]
    assert "content" not in items[-1]
    [thought] = opened(items[-1]["encrypted_content"]).thoughts
    assert thought.signature == "c2ln"


async def test_content_in_parts():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}
    reasoning, message = await output(
        chunk(content=[thinking]), chunk(content=[{"type": "text", "text": "Yes."}])
    )
    assert reasoning["content"][0]["text"] == "Hm."
    assert message["content"][0]["text"] == "Yes."


async def test_a_text_a_refusal_and_a_citation():
    cited = {"url": "https://example.com", "title": "E", "start_index": 0, "end_index": 1}
    events = await told(
        chunk(content="A"),
        chunk(annotations=[{"type": "url_citation", "url_citation": cited}]),
        chunk(refusal="No."),
        DONE,
    )
    assert "output_text.annotation.added" in types(events)
    text, refusal = events[-1]["response"]["output"][0]["content"]
    assert text["annotations"] == [{"type": "url_citation"} | cited]
    assert refusal == {"type": "refusal", "refusal": "No."}


async def test_probabilities():
    token = {"token": "H", "logprob": -0.5, "bytes": [72], "top_logprobs": []}
    events = await told(chunk(content="H", logprobs={"content": [token]}), DONE)
    [delta] = [each for each in events if each["type"] == "response.output_text.delta"]
    assert delta["logprobs"] == [token]


@pytest.mark.parametrize(
    "pieces",
    [
        # As OpenAI writes them, and by turns.
        [
            piece("", name="f", index=0, id="a"),
            piece("", name="f", index=1, id="b"),
            piece('{"x"', index=0),
            piece('{"y"', index=1),
            piece(":1}", index=0),
            piece(":2}", index=1),
        ],
        # The same index for all, or none.
        [
            piece('{"x":1}', name="f", index=0, id="a"),
            piece('{"y":2}', name="f", index=0, id="b"),
        ],
        [piece('{"x":1}', name="f", id="a"), piece('{"y":2}', name="f", id="b")],
        [
            piece("", name="f", id="a"),
            piece('{"x":1}'),
            piece("", name="f", id="b"),
            piece('{"y":2}'),
        ],
        # The id and the name with every piece.
        [
            piece('{"x"', name="f", index=0, id="a"),
            piece(":1}", name="f", index=0, id="a"),
            piece('{"y":2}', name="f", index=1, id="b"),
        ],
        # Arguments as an object, and names that come late.
        [
            piece({"x": 1}, name="f", index=0, id="a"),
            piece('{"y"', index=1, id="b"),
            piece(":2}", name="f", index=1),
        ],
    ],
)
async def test_calls_however_they_are_written(pieces):
    items = await output(*(chunk(tool_calls=[each]) for each in pieces), tools=TOOLS)
    assert [(item["call_id"], item["arguments"]) for item in items] == [
        ("a", '{"x":1}'),
        ("b", '{"y":2}'),
    ]


async def test_whole_calls_without_ids():
    calls = [piece('{"x":1}', name="f", index=0), piece('{"y":2}', name="f", index=0)]
    first, second = await output(chunk(tool_calls=calls), tools=TOOLS)
    assert first["call_id"] != second["call_id"]
    assert (first["arguments"], second["arguments"]) == ('{"x":1}', '{"y":2}')


async def test_an_id_that_the_conversation_has_already_is_not_given_again():
    pieces = [piece('{"x"', name="f", index=0, id="a"), piece(":1}", name="f", index=0, id="a")]
    events = ResponseEvents(replace(asked(tools=TOOLS), known_calls=frozenset({"a"})), TOKENS)
    chunks = [encoded_event(chunk(tool_calls=[each])) for each in pieces]
    told_events = checked(b"".join([await events(each) for each in [*chunks, DONE]]))
    [call] = told_events[-1]["response"]["output"]
    assert (call["call_id"], call["arguments"]) == ("call_0a1b_0", '{"x":1}')


async def test_text_between_the_pieces_of_a_call():
    items = await output(
        chunk(content="Let me look."),
        chunk(tool_calls=[piece('{"x"', name="f", index=0, id="a")]),
        chunk(content="Wait."),
        chunk(tool_calls=[piece(":1}", index=0)]),
        tools=TOOLS,
    )
    assert [item["type"] for item in items] == ["message", "function_call", "message"]
    assert items[1]["arguments"] == '{"x":1}'


async def test_a_call_without_arguments():
    events = await told(chunk(tool_calls=[piece(name="f", index=0, id="a")]), DONE, tools=TOOLS)
    assert types(events)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert events[3]["delta"] == "{}"


async def test_a_call_of_a_custom_tool():
    call = piece('{"input":"*** Begin"}', name="patch", index=0, id="a")
    events = await told(chunk(tool_calls=[call]), DONE, tools=TOOLS)
    assert types(events)[2:-1] == [
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
    ]
    assert events[4]["input"] == "*** Begin"


async def test_calls_of_tools_that_the_client_runs_come_last():
    calls = [
        piece('{"commands":["ls"]}', name="shell", index=0, id="a"),
        piece("{}", name="f", index=1, id="b"),
    ]
    items = await output(*(chunk(tool_calls=[call]) for call in calls), tools=TOOLS)
    assert [item["type"] for item in items] == ["function_call", "shell_call"]


async def test_a_call_without_a_name():
    with pytest.raises(UnreadableAnswerError):
        await told(chunk(tool_calls=[piece("{}", index=0, id="a")]), DONE)


async def test_what_was_cut_says_so():
    [message] = await output(chunk(content="Hel"), chunk("length"))
    assert message["status"] == "incomplete"
    [call] = await output(
        chunk(tool_calls=[piece('{"x', name="f", index=0, id="a")]), chunk("length"), tools=TOOLS
    )
    assert (call["status"], call["arguments"]) == ("incomplete", '{"x')


async def test_an_error_ends_a_response():
    error = typed_event("error", code="upstream_timeout", message="Too slow.", param=None)
    events = await told(chunk(content="H"), error)
    assert types(events)[-2:] == ["error", "failed"]
    assert events[-1]["response"]["error"] == {"code": "server_error", "message": "Too slow."}


async def test_comments_pass():
    assert await ResponseEvents(asked(), TOKENS)(b": keep-alive\n\n") == b": keep-alive\n\n"


def test_the_relays_errors_are_those_of_responses():
    class Failure:
        status, type, code, param, message = 502, "upstream_error", None, None, "Broken."

        def body(self):
            return {}

    event = TRANSLATED_CHAT.error_event(Failure(), request_id="req_1", last_block=b"")
    assert json.loads(data_of(event))["message"] == "Broken."


texts = st.text(max_size=12)
calls = st.lists(
    st.tuples(st.sampled_from(["f", "crm__find", "patch"]), st.text(min_size=1, max_size=9)),
    max_size=3,
)


@given(texts, texts, texts, calls, st.sampled_from(["stop", "length", "tool_calls"]))
async def test_a_stream_says_what_the_whole_says(thought, text, refusal, told_calls, reason):
    numbered = [
        {"id": f"c{n}", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(told_calls)
    ]
    message = {"reasoning_content": thought, "content": text, "refusal": refusal}
    choice = {"message": message | {"tool_calls": numbered}, "finish_reason": reason}
    whole = response_of({"choices": [choice]}, asked(tools=TOOLS), TOKENS)
    streamed = await output(
        *(chunk(reasoning_content=letter) for letter in thought),
        *(chunk(content=letter) for letter in text),
        *(chunk(refusal=letter) for letter in refusal),
        *(chunk(tool_calls=[{"index": n} | call]) for n, call in enumerate(numbered)),
        chunk(reason),
        tools=TOOLS,
    )
    assert streamed == whole["output"]


KEYS = """
role content reasoning reasoning_content reasoning_details thinking_blocks tool_calls function name
arguments id index type text thinking signature data format annotations refusal extra_content google
summary url_citation url title start_index
"""
WORDS = """
text thinking redacted_thinking reasoning.text reasoning.summary reasoning.encrypted f patch shell
url_citation anthropic-claude-v1
"""
keys, words = (st.sampled_from(each.split()) for each in (KEYS, WORDS))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=10,
)
deltas = st.lists(st.dictionaries(keys, values, max_size=4), max_size=4)


@given(deltas)
async def test_whatever_is_said_can_be_read_or_is_the_upstreams_error(said):
    with suppress(UnreadableAnswerError):
        await output(*(chunk(**each) for each in said), tools=TOOLS)


@given(st.dictionaries(keys, values, max_size=5))
def test_whatever_is_answered_can_be_read_or_is_the_upstreams_error(message):
    choice = {"message": message, "finish_reason": "stop"}
    try:
        made = response_of({"choices": [choice]}, asked(tools=TOOLS), TOKENS)
    except UnreadableAnswerError:
        return
    Response.model_validate(made, strict=True)


async def test_the_last_event_tells_what_became_of_the_response():
    ended = []

    async def keep(response):
        ended.append(response)
        return response | {"store": False}

    events = ResponseEvents(replace(asked(), is_stored=True), TOKENS, on_end=keep)
    chunks = [encoded_event(chunk(content="Hi.")), encoded_event(chunk("stop")), DONE]
    stream = checked(b"".join([await events(each) for each in chunks]))
    assert stream[0]["response"]["store"]
    assert [response["status"] for response in ended] == ["completed"]
    assert stream[-1]["response"] == ended[0] | {"store": False}


async def test_a_failure_is_none_to_go_on_from():
    ended = []
    error = {"type": "error", "code": "x", "message": "Broken.", "param": None}
    events = ResponseEvents(replace(asked(), is_stored=True), TOKENS, on_end=ended.append)
    stream = checked(await events(encoded_event(error)))
    assert (ended, stream[-1]["response"]["store"]) == ([], False)
