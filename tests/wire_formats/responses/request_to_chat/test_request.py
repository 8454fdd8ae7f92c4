"""A request of the Responses API as a chat."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import completion_create_params
from pydantic import TypeAdapter

from wire_formats.errors import UnsendableError
from wire_formats.responses.request_to_chat.request import chat_request, without_needless_ids

FUNCTION = {"type": "function", "name": "f", "parameters": {"type": "object"}}
CHATS = TypeAdapter(completion_create_params.CompletionCreateParams)


def translated(**fields):
    request = chat_request({"model": "m", "input": "Hello", **fields})
    CHATS.validate_python(request.body)
    return request


def chat(**fields):
    body = translated(**fields).body
    return {k: v for k, v in body.items() if k not in {"model", "messages"}}


def test_a_string_is_what_the_user_says():
    assert translated(instructions="Be kind.").body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hello"},
    ]


def test_all_that_stands_before_the_conversation_is_one_message():
    items = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "developer", "content": "Be quick."},
    ]
    assert translated(instructions="Be kind.", input=items).body["messages"] == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        {"role": "user", "content": "Hello"},
        {"role": "system", "content": "Be quick."},
    ]


def test_parameters():
    same = {
        "temperature": 0.5,
        "top_p": 0.9,
        "parallel_tool_calls": False,
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "service_tier": "flex",
        "user": "u",
    }
    given = {
        "max_output_tokens": 50,
        "reasoning": {"effort": "high", "summary": "auto"},
        "text": {"verbosity": "low"},
        "top_logprobs": 2,
        "stream": True,
    }
    assert chat(**same, **given) == same | {
        "max_tokens": 50,
        "reasoning_effort": "high",
        "verbosity": "low",
        "logprobs": True,
        "top_logprobs": 2,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "json_object"}),
        (
            {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True},
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
            },
        ),
    ],
)
def test_the_form_of_the_text(form, expected):
    assert chat(text={"format": form}).get("response_format") == expected


def test_log_probabilities_are_asked_for_by_include():
    request = translated(include=["message.output_text.logprobs", "reasoning.encrypted_content"])
    assert request.body["logprobs"] is True
    assert request.dropped == ()


def test_tools_that_are_added_on_the_way_are_offered():
    found = {"type": "tool_search_output", "call_id": "c1", "tools": [FUNCTION]}
    added = {"type": "additional_tools", "role": "developer", "tools": [FUNCTION | {"name": "g"}]}
    request = translated(input=[{"role": "user", "content": "Hello"}, found, added])
    assert [tool["function"]["name"] for tool in request.body["tools"]] == ["f", "g"]


def test_a_choice_without_tools_is_left_out():
    assert chat(tool_choice="auto", parallel_tool_calls=True) == {"parallel_tool_calls": True}


def test_nothing_is_said_by_null_and_by_what_is_empty():
    empty = {
        "tools": [],
        "include": None,
        "metadata": {},
        "prompt": None,
        "background": False,
        "truncation": "disabled",
        "context_management": [],
        "store": None,
    }
    assert translated(**empty).dropped == ()
    assert chat(**empty) == {}


def test_what_only_tunes_is_left_out_and_named():
    given = {
        "max_tool_calls": 3,
        "truncation": "auto",
        "moderation": {"model": "omni"},
        "tomorrow": 1,
        "store": True,
        "include": ["web_search_call.action.sources"],
        "tools": [FUNCTION, {"type": "web_search"}],
        "metadata": {"a": "b"},
    }
    assert translated(**given).dropped == (
        "max_tool_calls",
        "truncation",
        "moderation",
        "tomorrow",
        "include.0",
        "tools.1",
    )


def test_what_could_not_be_repeated_is_refused():
    deep: list = []
    for _ in range(300):
        deep = [deep]
    with pytest.raises(UnsendableError, match="nested too deeply"):
        translated(metadata={"a": deep})


KEYS = """
type role content id call_id name namespace arguments output input text summary tools action
encrypted_content image_url file_data refusal status operation format effort function detail
"""
WORDS = """
message reasoning function_call function_call_output custom_tool_call shell_call user
mcp_call local_shell_call_output apply_patch_call apply_patch_call_output tool_search_output
input_text input_image input_file assistant developer function custom namespace shell
web_search auto allowed_tools
"""
FIELDS = """
input instructions tools tool_choice text reasoning include metadata store top_logprobs
max_output_tokens stream_options truncation previous_response_id user
"""
keys, words, fields = (st.sampled_from(each.split()) for each in (KEYS, WORDS, FIELDS))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), words),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=12,
)
items = st.lists(st.dictionaries(keys, values, max_size=6), max_size=5)


@given(st.dictionaries(fields, values), items)
def test_whatever_is_asked_is_a_chat_or_an_error_of_the_client(body, given_items):
    """Upstreams judge the values; nothing here may fail in any other way."""
    for asked in (body, body | {"input": given_items}):
        try:
            request = chat_request({"model": "m"} | asked)
        except UnsendableError:
            continue
        assert all(message["role"] for message in request.body["messages"])


def test_reasoning_that_says_it_all_needs_no_id():
    told = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    bare = {"type": "reasoning", "id": "rs_2", "summary": []}
    items = [{"role": "user", "content": "Hello", "id": "msg_1"}, told | {"id": "rs_1"}, bare]
    assert without_needless_ids({"input": items})["input"] == [items[0], told, bare]
    for body in ({"input": "Hello"}, {"input": items[:1]}, {}):
        assert without_needless_ids(body) is body


@pytest.mark.parametrize(
    ("param", "fields"),
    [
        ("background", {"background": True}),
        ("prompt", {"prompt": {"id": "pmpt_1"}}),
        ("input", {"input": {"role": "user"}}),
        ("instructions", {"instructions": ["Be kind."]}),
        ("tools", {"tools": "f"}),
        ("text.format", {"text": {"format": {"type": "xml"}}}),
        ("tool_choice", {"tools": [FUNCTION], "tool_choice": {"type": "web_search"}}),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_place(param, fields):
    with pytest.raises(UnsendableError) as caught:
        translated(**fields)
    assert caught.value.param == param
