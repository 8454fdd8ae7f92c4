from __future__ import annotations

import orjson
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter

from connections.errors import MidStreamError
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.connections.providers.translating import answer_of, events_of, sse
from tests.support.builders import a_call, an_upstream
from tests.support.chunks import deltas, finish_reasons, usage_of
from wire_formats.chat.reasoning import (
    ANTHROPIC,
    GOOGLE,
    OPENAI,
    Thought,
    reasoning_fields,
    thoughts_of,
)
from wire_formats.errors import UnsendableError

HI = [{"role": "user", "content": "Hi"}]
ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]}
FUNCTION = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}
TOOL = {"type": "function", "function": FUNCTION}
FLAT = {"type": "function", "strict": False} | FUNCTION
SEALED = "reasoning.encrypted_content"
USAGE = {
    "input_tokens": 36,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 87,
    "output_tokens_details": {"reasoning_tokens": 16},
    "total_tokens": 123,
}
CALLED = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": "{}"},
}
PARAMS = TypeAdapter(ResponseCreateParamsNonStreaming | ResponseCreateParamsStreaming)
TEXT = {"type": "output_text", "text": "Hello!", "annotations": []}
MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "content": [TEXT]}
CALL = {
    "type": "function_call",
    "id": "fc_1",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Oslo"}',
}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1741476542,
    "status": "completed",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-5",
    "output": [MESSAGE],
    "usage": USAGE,
}


def an_adapter(provider: str = "compatible", **fields: object):
    return adapter_for(an_upstream(provider=provider, api_type="responses", **fields))


def a_chat(messages: list = HI, **fields: object):
    return a_call({"model": "public", "messages": messages} | fields, model="gpt-5")


def sent(messages: list = HI, **fields: object) -> dict:
    return orjson.loads(an_adapter().request(a_chat(messages, **fields)).content)


def test_chats_go_to_responses_and_nothing_else_does() -> None:
    adapter = an_adapter()
    assert adapter.url("chat/completions", "gpt-5") == "https://one.example/v1/responses"
    assert adapter.url("embeddings", "gpt-5") == "https://one.example/v1/embeddings"


def test_azure_has_the_same_below_its_own_url() -> None:
    adapter = an_adapter("azure", base_url="https://me.openai.azure.com", api_version="preview")
    url = "https://me.openai.azure.com/openai/responses?api-version=preview"
    assert adapter.url("chat/completions", "gpt-5") == url


@pytest.mark.parametrize(
    ("version", "is_asked"), [("2025-03-01-preview", False), ("2025-04-01-preview", True)]
)
def test_azure_is_asked_for_sealed_reasoning_where_it_knows_it(version, is_asked) -> None:
    base_url = "https://me.openai.azure.com"
    adapter = an_adapter("azure", base_url=base_url, api_version=version)
    assert ("include" in orjson.loads(adapter.request(a_chat()).content)) is is_asked


def test_requests_in_the_apis_own_form_pass_as_they_are() -> None:
    body = {"model": "gpt-5", "input": "Hi", "previous_response_id": None}
    request = an_adapter().request(a_call(body, endpoint="responses", model="gpt-5"))
    assert orjson.loads(request.content) == body
    assert request.extensions[TRANSLATION_EXTENSION] is None


REQUESTS = {
    "the smallest": ({}, {}),
    "limits": ({"max_tokens": 50}, {"max_output_tokens": 50}),
    "newer limits": ({"max_completion_tokens": 60}, {"max_output_tokens": 60}),
    "a limit below the least": ({"max_tokens": 5}, {"max_output_tokens": 16}),
    "a summary": (
        {"reasoning": {"summary": "auto", "max_tokens": 9}, "reasoning_effort": "high"},
        {"reasoning": {"summary": "auto", "effort": "high"}},
    ),
    "an effort that the family has not": (
        {"reasoning_effort": "xhigh"},
        {"reasoning": {"effort": "high"}},
    ),
    "caching": (
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h", "metadata": {}},
        {"prompt_cache_key": "k", "prompt_cache_retention": "24h"},
    ),
    "log probabilities": (
        {"logprobs": True, "top_logprobs": 3},
        {"top_logprobs": 3, "include": ["message.output_text.logprobs", SEALED]},
    ),
    "more included": (
        {"include": ["web_search_call.results", SEALED]},
        {"include": ["web_search_call.results", SEALED]},
    ),
    "a search": (
        {
            "web_search_options": {
                "search_context_size": "low",
                "user_location": {"type": "approximate", "approximate": {"country": "NO"}},
            }
        },
        {
            "tools": [
                {
                    "type": "web_search",
                    "search_context_size": "low",
                    "user_location": {"type": "approximate", "country": "NO"},
                }
            ]
        },
    ),
    "allowed tools": (
        {
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [TOOL]},
            },
        },
        {
            "tools": [FLAT],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "get_weather"}],
            },
        },
    ),
    "custom tools": (
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "sql",
                        "description": "Runs it.",
                        "format": {
                            "type": "grammar",
                            "grammar": {"syntax": "lark", "definition": "start: /.+/"},
                        },
                    },
                }
            ],
            "tool_choice": {"type": "custom", "custom": {"name": "sql"}},
        },
        {
            "tools": [
                {
                    "type": "custom",
                    "name": "sql",
                    "description": "Runs it.",
                    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
                }
            ],
            "tool_choice": {"type": "custom", "name": "sql"},
        },
    ),
    "functions of old": (
        {"functions": [FUNCTION], "function_call": {"name": "get_weather"}},
        {"tools": [FLAT], "tool_choice": {"type": "function", "name": "get_weather"}},
    ),
    "tools written as for a response": ({"tools": [FLAT]}, {"tools": [FLAT]}),
    "no tools": ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": None}, {}),
    "reasoning": ({"reasoning_effort": "low"}, {"reasoning": {"effort": "low"}}),
    "sampling": (
        {"temperature": 0.5, "top_p": None, "user": "u"},
        {"temperature": 0.5, "user": "u"},
    ),
    "stream": ({"stream": True, "stream_options": {"include_usage": True}}, {"stream": True}),
    "kept": ({"store": True}, {"store": True}),
    "JSON": (
        {"response_format": {"type": "json_object"}, "verbosity": "low"},
        {"text": {"format": {"type": "json_object"}, "verbosity": "low"}},
    ),
    "a schema": (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
    ),
    "tools": (
        {"tools": [TOOL], "tool_choice": "required"},
        {
            "tools": [FLAT],
            "tool_choice": "required",
        },
    ),
    "a tool by name": (
        {"tools": [TOOL], "tool_choice": TOOL},
        {
            "tools": [FLAT],
            "tool_choice": {"type": "function", "name": "get_weather"},
        },
    ),
}


@pytest.mark.parametrize(("fields", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_parameters_are_said_in_the_apis_words(fields: dict, expected: dict) -> None:
    base = {"model": "gpt-5", "input": [ITEM], "store": False, "include": [SEALED]}
    if fields.get("store"):
        del base["include"]
    request = sent(**fields)
    assert request == base | expected
    PARAMS.validate_python(request)


def test_what_the_api_does_not_know_is_dropped_and_told() -> None:
    request = an_adapter().request(a_chat(stop="x", seed=1, n=1))
    assert request.extensions[DROPPED_EXTENSION] == ("stop", "seed")
    names = {"max_tokens": 1, "reasoning_effort": "max", "tools": [{"type": "mcp"}, TOOL]}
    request = an_adapter().request(a_chat(tool_choice={"type": "mcp"}, **names))
    assert request.extensions[DROPPED_EXTENSION] == (
        "tools.0",
        "tool_choice",
        "max_tokens",
        "reasoning_effort",
    )


def test_instructions_stand_before_the_conversation() -> None:
    later = {"role": "system", "content": "In verse."}
    request = sent([{"role": "system", "content": "Be brief."}, *HI, later])
    assert request["instructions"] == "Be brief."
    assert [item["role"] for item in request["input"]] == ["user", "system"]


def test_instructions_alone_are_what_is_asked() -> None:
    request = sent([{"role": "system", "content": "Be brief."}])
    assert "instructions" not in request
    assert [item["role"] for item in request["input"]] == ["system"]


def test_images_files_calls_and_results_are_items() -> None:
    url = "data:image/png;base64,iVBO"
    messages = [
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
                {"type": "file", "file": {"file_data": "data:x", "filename": "a.pdf"}},
            ],
        },
        {"role": "assistant", "content": "Wait.", "tool_calls": [CALLED]},
        {"role": "tool", "tool_call_id": "call_1", "content": "22°"},
    ]
    asked, said, call, result = sent(messages)["input"]
    assert asked["content"] == [
        {"type": "input_image", "image_url": url, "detail": "low"},
        {"type": "input_file", "file_data": "data:x", "filename": "a.pdf"},
    ]
    assert said == {"role": "assistant", "content": "Wait."}
    assert call == {
        "type": "function_call",
        "call_id": "call_1",
        "name": "get_weather",
        "arguments": "{}",
    }
    assert result == {"type": "function_call_output", "call_id": "call_1", "output": "22°"}


def past(*messages: dict, **fields: object) -> list[dict]:
    """The items of a conversation that goes on after ``messages``."""
    request = sent([*messages, *HI], **fields)
    PARAMS.validate_python(request)
    *items, last = request["input"]
    assert last == ITEM
    return items


def answered(call: dict = CALLED, content: object = "22°", **said: object) -> list[dict]:
    return [
        {"role": "assistant", "content": None, "tool_calls": [call], **said},
        {"role": "tool", "tool_call_id": call["id"], "content": content},
    ]


def test_reasoning_comes_back_before_the_calls_that_it_led_to() -> None:
    thought = Thought(text="Hm", is_summary=True, sealed="gAAA", id="rs_1", format=OPENAI)
    reasoning, call, _ = past(*answered(**reasoning_fields([thought])))
    assert reasoning == {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm"}],
        "encrypted_content": "gAAA",
    }
    assert call["type"] == "function_call"


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "Hm"},
        reasoning_fields([Thought(text="Hm", id="rs_1", format=OPENAI)]),
        reasoning_fields([Thought(text="Hm", signature="x", format=ANTHROPIC)]),
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "format": GOOGLE}]},
    ],
)
def test_reasoning_that_openai_cannot_read_is_left_out_and_named(fields: dict) -> None:
    messages = [*answered(**fields), *HI]
    request = an_adapter().request(a_chat(messages))
    kinds = [item.get("type") for item in orjson.loads(request.content)["input"]]
    assert kinds == ["function_call", "function_call_output", "message"]
    assert set(request.extensions[DROPPED_EXTENSION]) == {f"messages.{name}" for name in fields}


def test_results_may_hold_images() -> None:
    parts = [
        {"type": "text", "text": "See"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
    ]
    _, result = past(*answered(content=parts))
    assert result["output"] == [
        {"type": "input_text", "text": "See"},
        {"type": "input_image", "image_url": "data:image/png;base64,iVBO", "detail": "auto"},
    ]
    _, result = past(*answered(content=parts[:1] * 2))
    assert result["output"] == "See\nSee"


def test_custom_tools_are_called_and_answered_as_such() -> None:
    custom = {"id": "call_2", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}
    call, result = past(*answered(custom))
    assert call == {
        "type": "custom_tool_call",
        "call_id": "call_2",
        "name": "sql",
        "input": "select 1",
    }
    assert result["type"] == "custom_tool_call_output"


def test_long_ids_are_shortened_alike() -> None:
    call, result = past(*answered(CALLED | {"id": "x" * 469}))
    assert call["call_id"] == result["call_id"]
    assert len(call["call_id"]) <= 64


@pytest.mark.parametrize("arguments", [{"city": "Oslo"}, '{"city":"Oslo"}'])
def test_arguments_may_be_an_object(arguments: object) -> None:
    function = {"name": "get_weather", "arguments": arguments}
    call, _ = past(*answered(CALLED | {"function": function}))
    assert call["arguments"] == '{"city":"Oslo"}'


def test_broken_arguments_stay_as_they_are() -> None:
    call, _ = past(*answered(CALLED | {"function": {"name": "f", "arguments": '{"city": '}}))
    assert call["arguments"] == '{"city": '


def test_calls_without_result_and_results_without_call_do_no_harm() -> None:
    alone = {"role": "tool", "tool_call_id": "other", "content": "22°"}
    call, result, told = past({"role": "assistant", "tool_calls": [CALLED]}, alone)
    assert (call["call_id"], result["call_id"]) == ("call_1", "call_1")
    assert told["role"] == "user"
    assert told["content"][1]["text"] == "22°"


def test_functions_of_old_are_called_and_answered() -> None:
    said = {"role": "assistant", "content": None, "function_call": CALLED["function"]}
    call, result = past(said, {"role": "function", "name": "get_weather", "content": "22°"})
    assert call["call_id"] == result["call_id"]
    assert result["output"] == "22°"


def test_a_refusal_stays_in_the_past_as_text() -> None:
    [said] = past({"role": "assistant", "content": None, "refusal": "No."})
    assert said == {"role": "assistant", "content": "No."}


@pytest.mark.parametrize("odd", [None, 5, {}, {"id": "x"}, {"function": {"name": "f"}}])
def test_odd_calls_are_left_out_and_named(odd: object) -> None:
    messages = [{"role": "assistant", "content": "Hi", "tool_calls": [odd]}, *HI]
    request = an_adapter().request(a_chat(messages))
    assert len(orjson.loads(request.content)["input"]) == 2
    assert request.extensions[DROPPED_EXTENSION] == ("messages.tool_calls",)


def test_only_a_part_that_is_asked_about_is_refused() -> None:
    sound = {"role": "user", "content": [{"type": "input_audio"}, {"type": "text", "text": "Hi"}]}
    with pytest.raises(UnsendableError) as caught:
        sent([sound])
    assert caught.value.param == "messages.0.content.0"
    [told, _] = past(sound, {"role": "assistant", "content": "Hello"})
    assert told == ITEM


def test_a_message_of_an_unknown_role_is_refused() -> None:
    with pytest.raises(UnsendableError):
        sent([{"role": "narrator", "content": "x"}])


async def test_a_response_becomes_a_completion() -> None:
    thought = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm"}]}
    answer = RESPONSE | {"output": [thought, MESSAGE, CALL]}
    completion = await answer_of(an_adapter(), a_chat(), answer)
    [choice] = completion["choices"]
    assert (completion["id"], completion["created"]) == ("resp_1", 1741476542)
    assert choice["message"]["content"] == "Hello!"
    assert choice["message"]["reasoning_content"] == "Hm"
    assert choice["message"]["tool_calls"][0]["id"] == "call_1"
    assert choice["finish_reason"] == "tool_calls"
    assert completion["usage"]["prompt_tokens_details"] == {"cached_tokens": 4}
    assert completion["usage"]["completion_tokens_details"] == {"reasoning_tokens": 16}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("max_output_tokens", "length"), ("content_filter", "content_filter")],
)
async def test_an_incomplete_response_says_why(reason: str, expected: str) -> None:
    answer = RESPONSE | {"status": "incomplete", "incomplete_details": {"reason": reason}}
    completion = await answer_of(an_adapter(), a_chat(), answer)
    assert completion["choices"][0]["finish_reason"] == expected


def event(kind: str, **fields: object) -> dict:
    return {"type": f"response.{kind}", **fields}


CREATED = event("created", response=RESPONSE | {"status": "in_progress", "output": []})


async def test_a_stream_with_text_and_a_call() -> None:
    stream = sse(
        CREATED,
        event("output_item.added", output_index=0, item=MESSAGE),
        event("output_text.delta", output_index=0, delta="Hel\u2028"),
        event("output_text.delta", output_index=0, delta="lo"),
        event("output_item.done", output_index=0, item=MESSAGE),
        event("output_item.added", output_index=1, item=CALL | {"arguments": ""}),
        event("function_call_arguments.delta", output_index=1, delta='{"city"'),
        event("function_call_arguments.delta", output_index=1, delta=':"Oslo"}'),
        event("output_item.done", output_index=1, item=CALL),
        event("completed", response=RESPONSE),
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    first, *texts, called, one, two, last = deltas(events)
    assert first["role"] == "assistant"
    assert texts == [{"content": "Hel\u2028"}, {"content": "lo"}]
    assert called["tool_calls"][0]["id"] == "call_1"
    arguments = [each["tool_calls"][0]["function"]["arguments"] for each in (one, two)]
    assert "".join(arguments) == CALL["arguments"]
    assert (last, finish_reasons(events)) == ({}, ["tool_calls"])
    assert usage_of(events)["total_tokens"] == 123
    assert events[-1] == "[DONE]"


async def test_arguments_that_come_in_one_piece_are_not_lost() -> None:
    stream = sse(
        CREATED,
        event("output_item.added", output_index=0, item=CALL | {"arguments": ""}),
        event("output_item.done", output_index=0, item=CALL),
        event("incomplete", response=RESPONSE | {"status": "incomplete"}),
    )
    events = await events_of(an_adapter(), a_chat(stream=True), stream)
    written = [each["tool_calls"][0]["function"] for each in deltas(events) if "tool_calls" in each]
    assert written[1]["arguments"] == CALL["arguments"]
    assert finish_reasons(events) == ["length"]


@pytest.mark.parametrize(
    "failure",
    [
        event("failed", response={"error": {"code": "server_error", "message": "Boom"}}),
        {"type": "error", "code": "server_error", "message": "Boom", "param": None},
    ],
)
async def test_an_error_within_a_stream_is_an_error(failure: dict) -> None:
    events = await events_of(an_adapter(), a_chat(stream=True), sse(CREATED, failure))
    assert events[-1]["error"]["message"] == "Boom"
    assert "[DONE]" not in events


async def test_a_response_that_failed_is_an_error() -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "Boom"}}
    answer = await answer_of(an_adapter(), a_chat(), RESPONSE | failed)
    assert answer == {"error": failed["error"]}


@pytest.mark.parametrize(
    "state", [{"status": "in_progress"}, {"status": "cancelled"}, {"status": "failed"}]
)
async def test_an_answer_that_has_not_ended_is_no_answer(state):
    with pytest.raises(MidStreamError, match="cannot be understood"):
        await answer_of(an_adapter(), a_chat(), RESPONSE | state)


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


async def completed(output: list, **fields: object) -> dict:
    answer = RESPONSE | {"output": output} | fields
    completion = await answer_of(an_adapter(), a_chat(), answer)
    ChatCompletion.model_validate_json(orjson.dumps(completion), strict=True)
    return completion


async def test_sealed_reasoning_is_told_and_can_be_taken_back() -> None:
    completion = await completed([SEALED_THOUGHT, CALL])
    message = completion["choices"][0]["message"]
    assert message["reasoning_content"] == "Hm\n\nSo"
    assert thoughts_of(message) == [KNOWN]
    assert {each["format"] for each in message["reasoning_details"]} == {OPENAI}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "22°"}
    reasoning, call, _ = past(message, result)
    assert reasoning["encrypted_content"] == "gAAA"
    assert call["call_id"] == "call_1"


async def test_a_custom_tool_is_called() -> None:
    completion = await completed([CUSTOM])
    [call] = completion["choices"][0]["message"]["tool_calls"]
    assert call == {
        "id": "call_2",
        "type": "custom",
        "custom": {"name": "sql", "input": "select 1"},
    }
    assert completion["choices"][0]["finish_reason"] == "tool_calls"


async def test_citations_refusals_and_probabilities_are_told() -> None:
    noted = TEXT | {"annotations": [NOTE, {"type": "file_citation"}], "logprobs": [LOGPROB]}
    refusal = {"type": "refusal", "refusal": "No."}
    message = MESSAGE | {"content": [TEXT, noted, refusal]}
    completion = await completed([message], service_tier="flex")
    [choice] = completion["choices"]
    [note] = choice["message"]["annotations"]
    assert note["url_citation"]["start_index"] == len("Hello!") + 1
    assert choice["message"]["refusal"] == "No."
    assert choice["logprobs"]["content"] == [LOGPROB]
    assert completion["service_tier"] == "flex"


async def test_unknown_items_are_passed_over() -> None:
    completion = await completed([*ODD, MESSAGE])
    assert completion["choices"][0]["message"]["content"] == "Hello!"


async def chunks(*told: dict) -> list:
    events = await events_of(an_adapter(), a_chat(stream=True), sse(*told))
    for each in events:
        # The SDK's type of a chunk does not know custom tools, which OpenAI streams all the same.
        if each != "[DONE]" and '"custom"' not in str(each).replace("'", '"'):
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


async def test_items_that_are_written_side_by_side_are_kept_apart() -> None:
    events = await chunks(*STREAMED)
    message = put_together(events)
    function, custom = message["tool_calls"]
    assert function["function"]["arguments"] == CALL["arguments"]
    assert custom["custom"] == {"name": "sql", "input": "select 1"}
    assert message["reasoning_content"] == "Hm\n\nSo"
    assert thoughts_of(message) == [KNOWN]
    assert message["content"] == "Hi"
    assert message["annotations"][0]["url_citation"]["title"] == "X"
    [told] = [e["choices"][0]["logprobs"] for e in events[:-2] if e["choices"][0]["logprobs"]]
    assert told["content"] == [LOGPROB]
    assert finish_reasons(events) == ["tool_calls"]


async def test_items_that_are_told_only_at_their_end_are_not_lost() -> None:
    whole = [SEALED_THOUGHT, CALL, CUSTOM, MESSAGE]
    ends = [event("output_item.done", output_index=n, item=each) for n, each in enumerate(whole)]
    message = put_together(await chunks(CREATED, *ends, event("completed", response=RESPONSE)))
    assert message["tool_calls"][0]["function"]["arguments"] == CALL["arguments"]
    assert message["tool_calls"][1]["custom"]["input"] == "select 1"
    assert (message["content"], message["reasoning_content"]) == ("Hello!", "Hm\n\nSo")


async def test_an_answer_that_is_told_only_in_the_last_event_is_not_lost() -> None:
    events = await chunks(event("completed", response=RESPONSE | {"output": [MESSAGE, CALL]}))
    message = put_together(events)
    assert (message["content"], len(message["tool_calls"])) == ("Hello!", 1)
    assert finish_reasons(events) == ["tool_calls"]


async def test_unknown_events_are_passed_over() -> None:
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
    events = await chunks(CREATED, *odd, event("completed", response=RESPONSE))
    message = put_together(events)
    assert message == {"tool_calls": []}
    assert finish_reasons(events) == ["stop"]
