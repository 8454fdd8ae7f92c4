"""The output items of a response as the fields of a chat's message."""

from __future__ import annotations

import orjson
import pytest
from openai.types.chat import ChatCompletion

from tests.wire_formats.responses.answer_to_chat.test_answer import CALL, MESSAGE, RESPONSE, TEXT
from tests.wire_formats.responses.request_from_chat.test_items import past
from wire_formats.chat.reasoning import OPENAI, Thought, thoughts_of
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.responses.answer_to_chat.output import call_of, choice_logprobs

SEALED_THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm"}, {"type": "summary_text", "text": "So"}],
    "encrypted_content": "gAAA",
}
KNOWN = Thought(text="Hm\n\nSo", is_summary=True, sealed="gAAA", id="rs_1", format=OPENAI)
LOGPROB = {"token": "Hi", "logprob": -0.5, "bytes": [72], "top_logprobs": []}
NOTE = {"type": "url_citation", "url": "https://x", "title": "X", "start_index": 1, "end_index": 3}
CUSTOM = {
    "type": "custom_tool_call",
    "id": "ctc_1",
    "call_id": "call_2",
    "name": "sql",
    "input": "select 1",
}
SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
ODD = [SEARCH, {"type": "brand_new"}, {}, None, 5, {"type": "message"}, {"type": "function_call"}]


def completed(output: list, **fields: object) -> dict:
    answer = RESPONSE | {"output": output} | fields
    completion = ResponseTranslation().answer(answer)
    ChatCompletion.model_validate_json(orjson.dumps(completion), strict=True)
    return completion


def test_sealed_reasoning_is_told_and_can_be_taken_back() -> None:
    completion = completed([SEALED_THOUGHT, CALL])
    message = completion["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm\n\nSo"
    assert thoughts_of(message) == [KNOWN]
    assert {each["format"] for each in message["reasoning_details"]} == {OPENAI}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "22°"}
    reasoning, call, _ = past(message, result)
    assert reasoning["encrypted_content"] == "gAAA"
    assert call["call_id"] == "call_1"


def test_a_custom_tool_is_called() -> None:
    completion = completed([CUSTOM])
    [call] = completion["choices"][0]["message"]["tool_calls"]
    assert call == {
        "id": "call_2",
        "type": "custom",
        "custom": {"name": "sql", "input": "select 1"},
    }
    assert completion["choices"][0]["finish_reason"] == "tool_calls"


def test_citations_refusals_and_probabilities_are_told() -> None:
    noted = TEXT | {"annotations": [NOTE, {"type": "file_citation"}], "logprobs": [LOGPROB]}
    refusal = {"type": "refusal", "refusal": "No."}
    message = MESSAGE | {"content": [TEXT, noted, refusal]}
    completion = completed([message], service_tier="flex")
    [choice] = completion["choices"]
    [note] = choice["message"]["annotations"]
    assert note["url_citation"]["start_index"] == len("Hello!") + 1
    assert choice["message"]["refusal"] == "No."
    assert choice["logprobs"]["content"] == [LOGPROB]
    assert completion["service_tier"] == "flex"


def test_unknown_items_are_passed_over() -> None:
    completion = completed([*ODD, MESSAGE])
    assert completion["choices"][0]["message"]["content"] == "Hello!"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [('{"a":1}', '{"a":1}'), ({"a": 1}, '{"a":1}'), ({}, "{}"), (None, "{}"), (7, "{}")],
)
def test_arguments_are_text_however_they_are_told(arguments: object, expected: str) -> None:
    item = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": arguments}
    call = call_of(item)
    assert call is not None
    assert call["function"] == {"name": "f", "arguments": expected}


@pytest.mark.parametrize("told", [[None], [{}], [{"token": 7, "logprob": 0}], []])
def test_log_probabilities_of_nothing_are_not_told(told: list) -> None:
    assert choice_logprobs(told) is None
