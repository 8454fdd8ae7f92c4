"""What a body refers to, in every form that some upstream reads."""

import pytest

from proxy.client_side.errors import InvalidRequestError, RequestTooComplexError
from proxy.references.reading import NONE, references_in

FILE = {"type": "input_file", "file_id": "file-1"}
SEARCH = {"type": "file_search", "vector_store_ids": ["vs_1"]}


def places(references):
    return [reference.place for reference in references]


def test_an_ordinary_chat_refers_to_nothing():
    schema = {"type": "object", "properties": {"model": {"type": "string"}, "file_id": {}}}
    function = {"name": "f", "parameters": schema}
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "file_id: file-1"}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
            {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "model": "x"}]},
            {"role": "tool", "tool_call_id": "c", "content": '{"file_id":"file-1"}'},
        ],
        "tools": [{"type": "function", "function": function}, {"type": "function"} | function],
        "metadata": {"model": "secret", "file_id": "file-1", "Conversation": "x"},
        "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
        "x_of_ours": {"json_schema": schema, "deep": [[{"a": 1}]]},
    }
    assert references_in(body) is NONE


@pytest.mark.parametrize(
    "body",
    [
        {"input": "text"},
        {"input": [1, 2, 3]},
        {"input": ["a", "b"]},
        {"prompt": "text"},
        {"prompt": [[1, 2], [3]]},
        {"prompt": None, "container": None, "conversation": None, "previous_response_id": None},
        {"prompt": {}, "container": "", "conversation": {}, "file_id": "", "file_ids": []},
        {"tools": [{"type": "code_interpreter", "container": {"type": "auto", "file_ids": []}}]},
        {"tools": [{"type": "image_generation"}, {"type": "web_search"}]},
        {"tools": [{"type": "mcp", "server_url": "https://a", "headers": {"X-Model": "m"}}]},
        {"container": {"skills": [{"type": "anthropic", "skill_id": "pptx"}]}},
        {"voice": "alloy"},
        {"audio": {"voice": "alloy", "format": "wav"}},
        {"response": {"conversation": "none", "modalities": ["text"]}},
        {"input": [{"type": "function_call_output", "id": "fco_1", "call_id": "c", "output": "1"}]},
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "e"}]},
        {"input": [{"type": "additional_tools", "id": "at_1", "tools": [{"type": "function"}]}]},
        {"input": [{"type": "tool_search_call", "id": "tsc_1", "arguments": {"query": "a"}}]},
        {"input": [{"type": "tool_search_output", "id": "tso_1", "tools": []}]},
        {
            "input": [
                {
                    "type": "message",
                    "id": "msg_1",
                    "role": "assistant",
                    "content": [{"type": "output_text", "text": "a", "annotations": [FILE]}],
                }
            ]
        },
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "tool_use", "id": "t", "name": "n", "input": {"file_id": "f"}}
                    ],
                },
                {"role": "user", "content": [{"type": "tool_result", "content": "ok"}]},
            ]
        },
        {"models": [], "fallbacks": None, "models_x": 1},
    ],
)
def test_this_refers_to_nothing(body):
    assert references_in({"model": "m"} | body) is NONE


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"prompt": {"id": "pmpt_1", "version": "2"}}, "prompt.id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation.id"),
        ({"vector_store_ids": ["vs_1"]}, "vector_store_ids"),
        ({"tools": [{"type": "file_search", "vector_store_ids": ["vs_1"]}]}, None),
        ({"tools": [{"type": "function"}, {"type": "x", "a": {"b": [{"file_id": "f"}]}}]}, None),
        ({"tools": [{"type": "code_interpreter", "container": {"file_ids": ["f"]}}]}, None),
        ({"tools": [{"type": "shell", "environment": {"skills": [{"skill_id": "s"}]}}]}, None),
        ({"tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}}, None),
        ({"container": {"id": ["container_1"]}}, "container.id"),
        ({"container": {"skills": [{"type": "custom", "skill_id": "s"}]}}, None),
        ({"container": {"skills": ["skill_1"]}}, "container.skills[0]"),
        ({"thread": "thread_1"}, "thread"),
        ({"previous_message_id": "msg_1"}, "previous_message_id"),
        ({"input": [{"role": "user", "content": [FILE]}]}, "input[0].content[0].file_id"),
        ({"input": [FILE]}, "input[0].file_id"),
        ({"input": [{"type": "function_call_output", "output": [FILE]}]}, None),
        ({"input": [{"type": "additional_tools", "id": "at_1", "tools": [SEARCH]}]}, None),
        ({"input": [{"type": "tool_search_output", "id": "tso_1", "tools": [SEARCH]}]}, None),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": FILE}]}]}, None),
        (
            {
                "messages": [
                    {"role": "user", "content": "a"},
                    {
                        "role": "user",
                        "content": [
                            {"type": "document", "source": {"type": "file", "file_id": "f"}}
                        ],
                    },
                ]
            },
            "messages[1].content[0].source.file_id",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "tool_result", "content": [FILE]}]}
                ]
            },
            None,
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [FILE], "type": "a_code_execution_tool_result"}
                ]
            },
            None,
        ),
        ({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}, "messages[0].audio.id"),
        ({"messages": [{"role": "user", "content": [{"type": "container_upload"} | FILE]}]}, None),
        ({"voice": {"id": "voice_1"}}, "voice.id"),
        ({"audio": {"voice": {"id": "voice_1"}}}, "audio.voice.id"),
        ({"session": {"prompt": {"id": "pmpt_1"}}}, "session.prompt.id"),
        ({"response": {"conversation": "conv_1"}}, "response.conversation"),
        (
            {"item": {"type": "message", "content": [{"type": "x"} | FILE]}},
            "item.content[0].file_id",
        ),
        ({"extra_body": {"prompt": {"id": "pmpt_1"}}}, "extra_body.prompt.id"),
        ({"extra_body": {"google": {"cached_content": "c"}}}, None),
        ({"image": [{"file_id": "f"}]}, "image[0].file_id"),
        ({"mask": {"file_id": 5}}, "mask.file_id"),
        ({"preset": "p"}, "preset"),
        ({"some_input_file_id": "f"}, "some_input_file_id"),
    ],
)
def test_an_object_of_the_account_is_found(body, place):
    found = references_in({"model": "m"} | body)
    assert len(found.objects) == 1
    assert place is None or places(found.objects) == [place]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "item_reference", "id": "rs_1"},
        {"id": "rs_1"},
        {"type": None, "id": "rs_1"},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": ""},
        {"type": "image_generation_call", "id": "ig_1"},
        {"type": "additional_tools", "id": "at_1", "role": "developer"},
        {"type": "tool_search_output", "id": "tso_1", "tools": None},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": []},
        {"type": ["message"], "id": "msg_1"},
        {"type": "file_search_call", "id": "fs_1", "status": "completed"},
    ],
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_an_item_that_the_upstream_would_look_up_is_found(item, is_nested):
    body = {"input": ["a", item] if is_nested else [item]}
    found = references_in({"response": body} if is_nested else body)
    place = "response.input[1].id" if is_nested else "input[0].id"
    assert places(found.items) == [place]


def test_a_container_may_be_known_from_a_response():
    tools = [{"type": "code_interpreter", "container": "cntr_1"}]
    call = {"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_1"}
    for container in ("cntr_2", {"id": "cntr_2"}):
        found = references_in({"tools": tools, "input": [call], "container": container})
        assert found.objects == ()
        assert [reference.value for reference in found.items] == ["ci_1"]
        assert {reference.value for reference in found.containers} == {"cntr_1", "cntr_2"}


@pytest.mark.parametrize("value", ["resp_1", "", 5, {"id": "resp_1"}])
@pytest.mark.parametrize("place", ["previous_response_id", "response", "extra_body"])
def test_an_earlier_response_is_found_wherever_it_stands(value, place):
    fields = {"previous_response_id": value}
    found = references_in(fields if place == "previous_response_id" else {place: fields})
    assert [reference.value for reference in found.responses] == [value]


@pytest.mark.parametrize(
    "name",
    [
        "Previous_Response_Id",
        "PREVIOUS_RESPONSE_ID",
        "previousResponseId",
        "previou\u017f_response_id",
        "Conversation",
        "conver\u017fation",
        "MODEL",
        "Model",
        "Models",
        "FallBacks",
        "fallbac\u212as",
        "Prompt",
        "vectorStoreIds",
        "vector-store-ids",
        "File_ID",
        "Container",
        "Thread",
        "Model_List",
        "Type",
    ],
)
@pytest.mark.parametrize("place", ["", "tools", "input", "extra_body", "messages"])
def test_another_spelling_is_refused_by_the_name_that_was_sent(name, place):
    fields = {name: "x"}
    body = fields if not place else {place: [fields] if place != "extra_body" else fields}
    with pytest.raises(InvalidRequestError) as refused:
        references_in({"model": "m", "messages": []} | body)
    assert refused.value.param == name
    assert refused.value.code == "ambiguous_field"


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": {"Id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "ID": "rs_1"}]},
        {"input": [{"Id": "rs_1"}]},
        {"input": [{"type": "reasoning", "id": "rs_1", "Encrypted_Content": "e"}]},
        {"input": [{"type": "text", "Type": "item_reference", "text": "a"}]},
    ],
)
def test_so_is_another_spelling_of_an_id(body):
    with pytest.raises(InvalidRequestError):
        references_in(body)


@pytest.mark.parametrize("name", ["model_list", "litellm_params", "router_settings"])
def test_models_with_addresses_of_their_own_are_refused(name):
    with pytest.raises(InvalidRequestError) as refused:
        references_in({name: [{"model_name": "m"}]})
    assert refused.value.code == "unsupported_field"


@pytest.mark.parametrize("step", [lambda it: {"a": it}, lambda it: [it]])
def test_a_body_that_is_nested_too_deeply_is_refused(step):
    value = {"file_id": "f"}
    for _ in range(900):
        value = step(value)
    with pytest.raises(InvalidRequestError):
        references_in({"x": value})


@pytest.mark.parametrize(
    "body",
    [
        {"models": ["a"]},
        {"fallbacks": "a"},
        {"fallbacks": [{"a": ["b"]}]},
        {"context_window_fallbacks": [{"a": ["b"]}]},
        {"context_window_fallback_dict": {"a": "b"}},
        {"tools": [{"type": "image_generation", "model": "a"}]},
        {"tools": [{"type": "openrouter:advisor", "parameters": {"model": "a"}}]},
        {"tools": [{"type": "advisor_20260301", "name": "advisor", "model": "a"}]},
        {"plugins": [{"id": "auto-router", "allowed_models": ["a/*"]}]},
        {"session": {"input_audio_transcription": {"model": "a"}}},
        {"extra_body": {"models": ["a"]}},
        {"judge_model": "a"},
        {"deployment_id": "a"},
    ],
)
def test_a_further_model_is_found(body):
    assert references_in({"model": "m"} | body).has_models


@pytest.mark.parametrize(
    "body",
    [
        {"data_sources": [{"type": "azure_search", "parameters": {"index_name": "hr"}}]},
        {"agent": {"type": "agent_reference", "name": "hr"}},
        {"tools": [{"type": "x", "indexes": [{"project_connection_id": "c", "index_name": "i"}]}]},
        {"messages": [{"role": "user", "content": [{"type": "file", "file_uri": "gs://b/x"}]}]},
    ],
)
def test_data_of_the_account_by_other_names_is_found(body):
    assert references_in({"model": "m"} | body).objects


@pytest.mark.parametrize(
    "name", ["judge_model_id", "fallback_model_name", "deployment", "embedding_deployment_name"]
)
def test_models_by_longer_names_are_found(name):
    assert references_in({"model": "m", name: "other"}).has_models


@pytest.mark.parametrize("name", ["Input", "Messages", "Tools"])
def test_other_spellings_of_what_decides_are_refused(name):
    with pytest.raises(InvalidRequestError) as refused:
        references_in({"model": "m", name: [{"type": "reasoning", "id": "rs_1"}]})
    assert refused.value.code == "ambiguous_field"


@pytest.mark.parametrize("name", ["input_examples", "definitions"])
def test_names_in_data_of_the_client_s_own_mean_nothing(name):
    tool = {"type": "custom_20260101", "name": "t", name: [{"model": "Tesla", "file_id": "x"}]}
    assert references_in({"model": "m", "tools": [tool]}) is NONE


def test_a_body_of_too_many_fields_is_refused():
    body = {"model": "m", "x": {f"k{number}": 1 for number in range(50)}}
    assert references_in(body) is NONE
    with pytest.raises(RequestTooComplexError):
        references_in(body, most=50)


def test_so_is_one_of_too_many_elements():
    body = {"model": "m", "x": [[]] * 50}
    assert references_in(body) is NONE
    with pytest.raises(RequestTooComplexError):
        references_in(body, most=50)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": [{"content": [{"file": {"file_data": "gs://b/a.pdf"}}]}]},
        {"messages": [{"content": [{"input_audio": {"data": "gs://b/a.mp3"}}]}]},
        {"messages": [{"content": [{"type": "image", "image": "file:///a.png"}]}]},
        {"input": [{"image": "gs://b/a.png"}]},
        {"input": [{"url": "gs://b/a.png"}]},
        {"query": {"content": [{"image_url": {"url": "file:///a.png"}}]}},
        {"documents": {"content": [{"image_url": {"url": "file:///a.png"}}]}},
        {"documents": [{"content": [{"file_id": "file-1"}]}]},
    ],
)
def test_an_address_is_found_wherever_some_upstream_reads_it(body):
    assert references_in(body).objects


@pytest.mark.parametrize(
    "body",
    [
        {"documents": ["a", "b"], "query": "q"},
        {"documents": [{"text": "see http://a", "model": "T", "id": 1}], "query": "q"},
        {"messages": [{"content": [{"input_audio": {"data": "AAAA", "format": "wav"}}]}]},
    ],
)
def test_what_holds_no_address_passes(body):
    assert not references_in(body).objects


def test_a_thread_is_referred_to_by_its_last_message():
    thread = {"type": "continue", "previous_message_id": "msg_1"}
    found = references_in({"thread": thread})
    assert [(each.place, each.value) for each in found.threads] == [
        ("thread.previous_message_id", "msg_1")
    ]
    assert not found.objects
    assert references_in({"thread": {"type": "create"}}) is NONE
    elsewhere = references_in({"tools": [{"thread": thread}]})
    assert (len(elsewhere.objects), elsewhere.threads) == (1, ())
