"""What is plain at a glance, and which fields are the client's own data."""

import pytest

from proxy.references.opaque import are_plain_functions, are_plain_messages, is_opaque


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1"}]},
        {"role": "user", "content": [{"type": "text", "text": "Hello!"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
    ],
)
def test_messages_of_text_and_pictures_are_plain(message):
    assert are_plain_messages([message])


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "Hello!", "id": "msg_1"},
        {"role": "user", "content": {"file_id": "file-1"}},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"file_id": "file-1"}}]},
    ],
)
def test_messages_with_anything_else_are_not(message):
    assert not are_plain_messages([{"role": "user", "content": "Hello!"}, message])


def test_functions_are_plain_and_tools_of_the_provider_are_not():
    function = {"type": "function", "function": {"name": "f", "parameters": {"file_id": {}}}}
    assert are_plain_functions([function, {"name": "f", "input_schema": {}}])
    assert not are_plain_functions([function, {"type": "file_search", "vector_store_ids": ["vs"]}])
    assert not are_plain_functions([{"type": ["function"], "name": "f"}])


def test_parameters_are_the_clients_own_in_a_function_alone():
    assert is_opaque("parameters", {"type": "function", "parameters": {}})
    assert not is_opaque("parameters", {"type": "file_search", "parameters": {}})


def test_the_input_of_a_tool_use_is_the_models_own():
    assert is_opaque("input", {"type": "tool_use", "input": {}})
    assert not is_opaque("input", {"type": "message", "input": {}})
