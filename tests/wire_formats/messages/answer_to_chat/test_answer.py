from __future__ import annotations

from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from wire_formats.chat.reasoning import ANTHROPIC, Thought, thoughts_of
from wire_formats.json_types import JsonObject
from wire_formats.messages.answer_to_chat.answer import MessageTranslation
from wire_formats.messages.answer_to_chat.blocks import ClientForm, client_form

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-5-5",
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 12, "output_tokens": 6},
}
THINKING = {"type": "thinking", "thinking": "Hm, so.", "signature": "sig=="}
REDACTED = {"type": "redacted_thinking", "data": "s3al"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
CITED = {
    "type": "web_search_result_location",
    "url": "https://x.example",
    "title": "X",
    "cited_text": "x",
    "encrypted_index": "e",
}
UNKNOWN = [
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
    {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
    {"type": "compaction", "content": "…"},
    {"type": "of_next_year", "thing": [{}]},
    {},
]


def whole(*blocks: Any, form: ClientForm | None = None, **fields: Any) -> JsonObject:
    """The message of an answer in one piece, and the rest of its choice."""
    translation = MessageTranslation(form) if form else MessageTranslation()
    answer = translation.answer(MESSAGE | {"content": list(blocks)} | fields)
    ChatCompletion.model_validate(answer, strict=True)
    return answer


def message_of(answer: JsonObject) -> JsonObject:
    message: JsonObject = answer["choices"][0]["message"]
    return message


def pieces_of(block: JsonObject) -> list[JsonObject]:
    """The deltas that write ``block``, and the block as it starts."""
    match block.get("type"):
        case "text":
            start = {"type": "text", "text": ""}
            cited = [{"type": "citations_delta", "citation": c} for c in block.get("citations", ())]
            return [start, *cited, *({"type": "text_delta", "text": t} for t in block["text"])]
        case "thinking":
            pieces = [{"type": "thinking_delta", "thinking": t} for t in block["thinking"]]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return [{"type": "thinking", "thinking": "", "signature": ""}, *pieces, signed]
        case "tool_use":
            pieces = [{"type": "input_json_delta", "partial_json": t} for t in ("", '{"a":', " 1}")]
            return [block | {"input": {}}, *pieces]
        case "server_tool_use":
            pieces = [{"type": "input_json_delta", "partial_json": '{"query":"q"}'}]
            return [block, *pieces, {"type": "of_next_year"}]
    return [block]


def events_for(*blocks: JsonObject, stop_reason: str = "end_turn", **end: Any) -> list[JsonObject]:
    begin = {"content": [], "stop_reason": None, "usage": {"input_tokens": 472, "output_tokens": 2}}
    events: list[JsonObject] = [{"type": "message_start", "message": MESSAGE | begin}]
    for index, block in enumerate(blocks):
        start, *deltas = pieces_of(block)
        events += [
            {"type": "content_block_start", "index": index, "content_block": start},
            *({"type": "content_block_delta", "index": index, "delta": d} for d in deltas),
            {"type": "content_block_stop", "index": index},
        ]
    delta = {"stop_reason": stop_reason, **end}
    usage = {"output_tokens": 9, "input_tokens": 0}
    return [
        *events,
        {"type": "ping"},
        {"type": "message_delta", "delta": delta, "usage": usage},
        {"type": "message_stop"},
    ]


def streamed(events: list[JsonObject], form: ClientForm | None = None) -> list[JsonObject]:
    translation = MessageTranslation(form) if form else MessageTranslation()
    chunks = [chunk for event in events for chunk in translation.event(event)]
    is_strict = not (form and form.custom)
    for chunk in chunks if is_strict else ():
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert translation.is_done
    return chunks


def deltas(chunks: list[JsonObject]) -> list[JsonObject]:
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def put_together(chunks: list[JsonObject]) -> JsonObject:
    """The message that OpenAI's SDK makes of a stream."""
    state: Any = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    made: JsonObject = state.get_final_completion().choices[0].message.to_dict(mode="json")
    return made


def test_thoughts_are_told_with_their_signatures() -> None:
    message = message_of(whole(THINKING, REDACTED, {"type": "text", "text": "Yes."}))

    assert message["reasoning_content"] == "Hm, so."
    assert message["thinking_blocks"] == [THINKING, REDACTED]
    assert message["content"] == "Yes."
    assert thoughts_of(message) == [
        Thought(text="Hm, so.", signature="sig==", format=ANTHROPIC),
        Thought(sealed="s3al", format=ANTHROPIC),
    ]


def test_a_thought_without_words_is_told_by_its_signature() -> None:
    hidden = THINKING | {"thinking": ""}
    told = [delta for delta in deltas(streamed(events_for(hidden))) if "thinking_blocks" in delta]

    assert told[0]["thinking_blocks"][0]["signature"] == "sig=="
    assert "reasoning_content" not in message_of(whole(hidden))


def test_thoughts_without_a_signature_are_words_alone() -> None:
    unsigned = {"type": "thinking", "thinking": "Hm"}
    assert message_of(whole(unsigned)).keys() & {"thinking_blocks", "reasoning_details"} == set()


def test_no_thoughts_are_told_to_those_who_want_none() -> None:
    form = client_form({"reasoning": {"exclude": True}})
    chunks = streamed(events_for(THINKING, {"type": "text", "text": "x"}), form)

    assert form.hides_thoughts
    assert not any("reasoning" in key for delta in deltas(chunks) for key in delta)
    assert "reasoning_content" not in message_of(whole(THINKING, form=form))


def test_sources_with_an_address_are_annotations() -> None:
    cited = {"type": "text", "text": "It rains.", "citations": [CITED, {"type": "page_location"}]}
    blocks = [{"type": "text", "text": "So: "}, cited]
    expected = [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": 4,
                "end_index": 13,
                "title": "X",
                "url": "https://x.example",
            },
        }
    ]

    assert message_of(whole(*blocks))["annotations"] == expected
    told = [d["annotations"] for d in deltas(streamed(events_for(*blocks))) if "annotations" in d]
    assert told == [expected]


def test_what_is_not_known_is_left_out() -> None:
    blocks = [UNKNOWN[0], {"type": "text", "text": "a"}, *UNKNOWN[1:], CALL]
    message = message_of(whole(*blocks))

    assert (message["content"], len(message["tool_calls"])) == ("a", 1)
    chunks = streamed(events_for(*blocks, stop_reason="tool_use"))
    calls = [d["tool_calls"][0] for d in deltas(chunks) if "tool_calls" in d]
    assert [call["index"] for call in calls] == [0, 0, 0]
    assert "".join(call["function"]["arguments"] for call in calls) == '{"a": 1}'


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("pause_turn", "stop"), ("refusal", "content_filter"), ("of_next_year", "stop")],
)
def test_reasons_of_every_kind_end_an_answer(reason: str, expected: str) -> None:
    assert whole(stop_reason=reason)["choices"][0]["finish_reason"] == expected


def test_a_refusal_is_explained() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "No."}
    answer = whole(stop_reason="refusal", stop_details=details)
    assert message_of(answer)["refusal"] == "No."
    chunks = streamed(events_for(stop_reason="refusal", stop_details=details))
    assert {"refusal": "No."} in deltas(chunks)


def test_thinking_tokens_are_reasoning_tokens() -> None:
    details = {"output_tokens_details": {"thinking_tokens": 4}}
    usage = {"input_tokens": 12, "output_tokens": 6, **details}
    assert whole(usage=usage)["usage"]["completion_tokens_details"] == {"reasoning_tokens": 4}


@pytest.mark.parametrize("usage", [None, {}])
def test_an_answer_may_tell_no_usage(usage: Any) -> None:
    assert whole(usage=usage)["usage"] is None


def test_the_older_form_has_one_call() -> None:
    form = client_form({"functions": [{"name": "f"}]})
    answer = whole(CALL, CALL, form=form, stop_reason="tool_use")

    assert answer["choices"][0]["finish_reason"] == "function_call"
    assert message_of(answer)["function_call"] == {"name": "f", "arguments": '{"a":1}'}
    chunks = streamed(events_for(CALL, CALL, stop_reason="tool_use"), form)
    pieces = [d["function_call"] for d in deltas(chunks) if "function_call" in d]
    assert "".join(piece["arguments"] for piece in pieces) == '{"a": 1}'
    assert [piece.get("name") for piece in pieces] == ["f", None, None]


def test_custom_tools_are_called_with_text() -> None:
    form = client_form({"tools": [{"type": "custom", "custom": {"name": "f"}}]})
    call = CALL | {"input": {"input": "ls"}}
    expected = {"id": "toolu_1", "type": "custom", "custom": {"name": "f", "input": "ls"}}

    assert message_of(whole(call, form=form))["tool_calls"] == [expected]
    events = events_for(CALL)
    for event in events:
        if event.get("delta", {}).get("partial_json") == " 1}":
            event["delta"]["partial_json"] = ' 1, "input": "ls"}'
    told = [d["tool_calls"] for d in deltas(streamed(events, form)) if "tool_calls" in d]
    assert told == [[{"index": 0} | expected]]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "rate_limit_error", "message": "x"}, 429),
        ({"type": "overloaded_error", "message": "x"}, 529),
        ({"type": "api_error", "message": "x"}, None),
        ({"message": "x", "code": 400}, 400),
    ],
)
def test_an_error_has_its_status_as_code(error: JsonObject, code: int | None) -> None:
    expected = {"message": "x", "type": error.get("type"), "code": code}
    assert MessageTranslation().error(error) == expected
    assert list(MessageTranslation().event({"type": "error", "error": error})) == [
        {"error": expected}
    ]


def test_an_error_that_is_a_text_is_left_as_it_is() -> None:
    assert MessageTranslation().error("x") == "x"


def test_an_answer_that_has_not_ended_is_no_answer() -> None:
    with pytest.raises(ValueError, match="not come to its end"):
        whole(stop_reason=None)


def test_tokens_of_the_cache_are_part_of_the_prompt() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 30,
        "cache_creation_input_tokens": 2,
        "output_tokens": 5,
    }
    counted = whole(usage=usage)["usage"]
    assert (counted["prompt_tokens"], counted["total_tokens"]) == (42, 47)
    assert counted["prompt_tokens_details"] == {"cached_tokens": 30, "cache_write_tokens": 2}


def test_servers_that_imitate_anthropics_may_lack_ids_and_models() -> None:
    fields: JsonObject = {"id": None, "model": 7, "content": [{**CALL, "id": None}]}
    answer = MessageTranslation().answer(MESSAGE | fields)
    ChatCompletion.model_validate(answer, strict=True)
    assert (answer["id"], answer["model"]) == ("", "")
    assert message_of(answer)["tool_calls"][0]["id"].startswith("toolu_")


@pytest.mark.parametrize("name", [None, True, 7, ["f"]])
def test_a_call_of_no_tool_cannot_be_understood(name: Any) -> None:
    with pytest.raises((TypeError, KeyError)):
        whole({**CALL, "name": name})


def test_texts_that_are_none_are_not_told() -> None:
    translation = MessageTranslation()
    events = [
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": 7}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": ["a"]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
    ]
    chunks = [chunk for event in events for chunk in translation.event(event)]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    assert [chunk["choices"][0]["delta"].get("content") for chunk in chunks] == ["", "b"]


def test_arguments_may_be_told_as_an_object() -> None:
    translation = MessageTranslation()
    piece = {"type": "input_json_delta", "partial_json": {"a": 1}}
    events = [
        {"type": "message_start", "message": MESSAGE},
        {"type": "content_block_start", "index": 0, "content_block": CALL | {"input": {}}},
        {"type": "content_block_delta", "index": 0, "delta": piece},
    ]
    *_, last = [chunk for event in events for chunk in translation.event(event)]
    [call] = last["choices"][0]["delta"]["tool_calls"]
    assert call["function"]["arguments"] == '{"a":1}'
