"""A request of the Messages API as a chat."""

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request

USER = {"role": "user", "content": "Hello"}
IMAGE = {"type": "base64", "media_type": "image/png", "data": "aW1n"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}}


def messages(*given, **fields):
    body = {"model": "m", "max_tokens": 9, "messages": list(given), **fields}
    return chat_request(body).body["messages"]


def translated(**fields):
    chat = chat_request({"model": "m", "messages": [USER], **fields}).body
    return {k: v for k, v in chat.items() if k not in {"model", "messages"}}


def test_a_system_prompt_of_several_blocks():
    blocks = [{"type": "text", "text": t, "cache_control": {}} for t in ("Be kind.", "Be brief.")]
    assert messages(USER, system=blocks) == [
        {"role": "system", "content": "Be kind.\n\nBe brief."},
        USER,
    ]


def test_images_and_documents():
    content = [
        {"type": "image", "source": IMAGE},
        {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        {"type": "document", "source": {"type": "text", "data": "Plain"}},
        {"type": "document", "title": "a.pdf", "source": IMAGE | {"media_type": "application/pdf"}},
    ]
    [message] = messages({"role": "user", "content": content})
    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "text", "text": "Plain"},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,aW1n"},
        },
    ]


def test_calls_of_tools_and_their_results():
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Rain"}
    shown = [{"type": "text", "text": "Look:"}, {"type": "image", "source": IMAGE}]
    given = [
        USER,
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, CALL]},
        {"role": "user", "content": [{"type": "text", "text": "Here."}, result]},
        {"role": "user", "content": [result | {"content": shown}]},
    ]
    _user, called, told, looked, said = messages(*given)
    function = {"name": "weather", "arguments": '{"city":"Paris"}'}
    assert called["tool_calls"] == [{"id": "toolu_1", "type": "function", "function": function}]
    assert told == {"role": "tool", "tool_call_id": "toolu_1", "content": "Rain"}
    assert looked["content"] == "Look:"
    assert [part["type"] for part in said["content"]] == ["text", "image_url"]


def test_thoughts_stay_with_their_provider():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    text = {"type": "text", "text": "Hi"}
    [message] = messages({"role": "assistant", "content": [thought, text]})
    assert message == {"role": "assistant", "content": "Hi"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            {
                "tool_choice": {"type": "function", "function": {"name": "f"}},
                "parallel_tool_calls": False,
            },
        ),
    ],
)
def test_the_choice_of_a_tool(choice, expected):
    chat = translated(tool_choice=choice, tools=[{"name": "f", "input_schema": {}}])
    assert {k: v for k, v in chat.items() if k != "tools"} == expected


def test_other_fields():
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert translated(
        stream=True,
        temperature=0,
        stop_sequences=["."],
        metadata={"user_id": "u"},
        output_config={"format": {"type": "json_schema", "schema": schema}},
    ) == {
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "stop": ["."],
        "user": "u",
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema, "strict": True},
        },
    }


def test_what_only_tunes_the_answer_is_left_out_and_named():
    tuning = {"top_k": 5, "thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}
    body = {"model": "m", "messages": [USER], **tuning}
    payload = chat_request(body)
    assert payload.body == {"model": "m", "messages": [USER]}
    assert set(payload.dropped) == {"top_k", "thinking", "output_config.effort"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0"),
        ({"compaction": {"type": "compaction"}}, "compaction"),
        ({"tool_choice": {"type": "tool", "name": "f"}}, "tool_choice"),
        ({"tools": [{"name": "f"}]}, "tools.0"),
        ({"tools": "f"}, "tools"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config"),
        ({"system": 7}, "system"),
        ({"system": [{"type": "image"}]}, "system"),
        ({"messages": ["Hello"]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages.0"),
        ({"messages": [USER, {"role": "user", "content": 7}]}, "messages.1"),
        ({"messages": [{"role": "user", "content": [{"type": []}]}]}, "messages.0"),
        ({"messages": [{"role": "assistant", "content": [{"type": {}}]}]}, "messages.0"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}]},
            "messages.0",
        ),
    ],
)
def test_what_a_chat_cannot_say_is_refused_with_its_place(fields, param):
    with pytest.raises(UnsendableError) as caught:
        chat_request({"model": "m", "messages": [USER], **fields})
    assert caught.value.param == param


def test_input_of_a_tool_that_is_nested_too_deeply_is_refused():
    nested: dict = {}
    for _ in range(400):
        nested = {"a": nested}
    with pytest.raises(UnsendableError):
        messages({"role": "assistant", "content": [CALL | {"input": nested}]})


@pytest.mark.parametrize(
    ("model", "given", "expected"),
    [
        ("gpt-4o", 32_000, 16_384),
        ("gpt-4.1", 32_000, 32_000),
        ("gpt-35-turbo", 32_000, 4_096),
        ("gpt-5.2", 64_000, 64_000),
        ("llama-4", 32_000, 32_000),
        ("llama-4", 0, 1),
    ],
)
def test_the_limit_is_cut_to_what_the_model_takes(model, given, expected):
    payload = chat_request(
        {"model": "m", "messages": [], "max_tokens": given}, traits_of(family_of(model))
    )
    assert payload.body["max_tokens"] == expected
    assert payload.dropped == (() if given == expected else ("max_tokens",))


def test_a_reasoning_model_is_not_sampled():
    body = {"model": "m", "messages": [], "temperature": 0.2, "top_p": 1, "stop_sequences": ["."]}
    payload = chat_request(body, traits_of(family_of("gpt-5.2")))
    assert payload.body == {"model": "m", "messages": []}
    assert payload.dropped == ("temperature", "stop_sequences")


def test_more_sequences_than_openai_takes_are_cut():
    payload = chat_request({"model": "m", "messages": [], "stop_sequences": list("abcde")})
    assert payload.body["stop"] == list("abcd")
    assert payload.dropped == ("stop_sequences",)


def test_top_k_goes_where_it_is_taken():
    body = {"model": "m", "messages": [], "top_k": 5}
    assert chat_request(body, openrouter_traits(family_of("meta/llama-4"))).body["top_k"] == 5
    assert chat_request(body).dropped == ("top_k",)


def test_a_budget_for_the_whole_task_is_named():
    config = {"task_budget": {"type": "tokens", "total": 9}, "effort": None}
    body = {"model": "m", "messages": [], "output_config": config}
    assert chat_request(body).dropped == ("output_config.task_budget",)
