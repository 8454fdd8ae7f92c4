"""The events of a response as chunks of a chat."""

from __future__ import annotations

import orjson
from openai.types.chat import ChatCompletionChunk

from tests.support.chunks import chunks_of, deltas, finish_reasons
from tests.wire_formats.responses.answer_to_chat.test_answer import (
    CALL,
    CREATED,
    MESSAGE,
    RESPONSE,
    TEXT,
    event,
)
from tests.wire_formats.responses.answer_to_chat.test_output import (
    CUSTOM,
    KNOWN,
    LOGPROB,
    NOTE,
    ODD,
    SEALED_THOUGHT,
)
from wire_formats.chat.reasoning import thoughts_of
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation


def chunks(*told: dict) -> list:
    events = chunks_of(ResponseTranslation(), *told)
    for each in events:
        # The SDK's type of a chunk does not know custom tools, which OpenAI streams all the same.
        if '"custom"' not in str(each).replace("'", '"'):
            ChatCompletionChunk.model_validate_json(orjson.dumps(each), strict=True)
    return events


def put_together(events: list) -> dict:
    """What a client has of the deltas of ``events``."""
    message: dict = {"tool_calls": []}
    for delta in deltas(events):
        for call in delta.get("tool_calls", ()):
            if call["index"] == len(message["tool_calls"]):
                message["tool_calls"].append(call)
                continue
            [kind] = {"function", "custom"} & set(call)
            known = message["tool_calls"][call["index"]][kind]
            for name, text in call[kind].items():
                known[name] += text
        for name in ("content", "refusal", "reasoning_content", "annotations", "reasoning_details"):
            if delta.get(name):
                message[name] = message.get(name, type(delta[name])()) + delta[name]
    return message


STREAMED = (
    CREATED,
    event("output_item.added", output_index=0, item=SEALED_THOUGHT | {"summary": []}),
    event("reasoning_summary_part.added", output_index=0, summary_index=0),
    event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="H"),
    event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="m"),
    event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta="So"),
    event("output_item.done", output_index=0, item=SEALED_THOUGHT),
    event("output_item.added", output_index=1, item=CALL | {"arguments": ""}),
    event("output_item.added", output_index=2, item=CUSTOM | {"input": ""}),
    event("custom_tool_call_input.delta", output_index=2, delta="select"),
    event("function_call_arguments.delta", output_index=1, delta='{"city"'),
    event("custom_tool_call_input.delta", output_index=2, delta=" 1"),
    event("function_call_arguments.delta", output_index=1, delta=':"Oslo"}'),
    event("output_item.done", output_index=2, item=CUSTOM),
    event("output_item.done", output_index=1, item=CALL),
    event("output_item.added", output_index=3, item=MESSAGE),
    event("content_part.added", output_index=3, content_index=0, part=TEXT),
    event("output_text.delta", output_index=3, delta="Hi", logprobs=[LOGPROB]),
    event("output_text.annotation.added", output_index=3, annotation=NOTE),
    event("output_item.done", output_index=3, item=MESSAGE),
    event("completed", response=RESPONSE | {"service_tier": "flex"}),
)


def test_items_that_are_written_side_by_side_are_kept_apart() -> None:
    events = chunks(*STREAMED)
    message = put_together(events)
    function, custom = message["tool_calls"]
    assert function["function"]["arguments"] == CALL["arguments"]
    assert custom["custom"] == {"name": "sql", "input": "select 1"}
    assert message["reasoning_content"] == "Hm\n\nSo"
    assert thoughts_of(message) == [KNOWN]
    assert message["content"] == "Hi"
    assert message["annotations"][0]["url_citation"]["title"] == "X"
    [told] = [e["choices"][0]["logprobs"] for e in events[:-1] if e["choices"][0]["logprobs"]]
    assert told["content"] == [LOGPROB]
    assert finish_reasons(events) == ["tool_calls"]


def test_items_that_are_told_only_at_their_end_are_not_lost() -> None:
    whole = [SEALED_THOUGHT, CALL, CUSTOM, MESSAGE]
    ends = [event("output_item.done", output_index=n, item=each) for n, each in enumerate(whole)]
    message = put_together(chunks(CREATED, *ends, event("completed", response=RESPONSE)))
    assert message["tool_calls"][0]["function"]["arguments"] == CALL["arguments"]
    assert message["tool_calls"][1]["custom"]["input"] == "select 1"
    assert (message["content"], message["reasoning_content"]) == ("Hello!", "Hm\n\nSo")


def test_an_answer_that_is_told_only_in_the_last_event_is_not_lost() -> None:
    events = chunks(event("completed", response=RESPONSE | {"output": [MESSAGE, CALL]}))
    message = put_together(events)
    assert (message["content"], len(message["tool_calls"])) == ("Hello!", 1)
    assert finish_reasons(events) == ["tool_calls"]


def test_unknown_events_are_passed_over() -> None:
    odd = [
        event("brand_new", delta="x"),
        event("output_item.added", output_index=0, item={"type": "brand_new"}),
        event("output_item.added", output_index=1),
        event("function_call_arguments.delta", output_index=9, delta="{"),
        event("output_text.delta", output_index=2, delta=None),
        *[event("output_item.done", output_index=3 + n, item=each) for n, each in enumerate(ODD)],
        event("output_text.annotation.added", output_index=2, annotation=5),
        {"type": "keepalive"},
    ]
    events = chunks(CREATED, *odd, event("completed", response=RESPONSE))
    message = put_together(events)
    assert message == {"tool_calls": []}
    assert finish_reasons(events) == ["stop"]


def test_arguments_that_come_in_one_piece_are_not_lost() -> None:
    translation = ResponseTranslation()
    stream = (
        CREATED,
        event("output_item.added", output_index=0, item=CALL | {"arguments": ""}),
        event("output_item.done", output_index=0, item=CALL),
        event("incomplete", response=RESPONSE | {"status": "incomplete"}),
    )
    events = chunks_of(translation, *stream)
    written = [each["tool_calls"][0]["function"] for each in deltas(events) if "tool_calls" in each]
    assert written[1]["arguments"] == CALL["arguments"]
    assert finish_reasons(events) == ["length"]
