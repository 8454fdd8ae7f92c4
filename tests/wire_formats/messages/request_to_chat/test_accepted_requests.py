"""Whatever the types of Anthropic's SDK accept becomes a chat that OpenAI's types accept."""

from typing import Any

import orjson
import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsNonStreaming
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from tests.support.sdk_requests import accepted_by
from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.json_numbers import write_json
from wire_formats.messages.carried import without_carried
from wire_formats.messages.estimate import estimated_message_tokens
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request

CHATS = TypeAdapter(CompletionCreateParamsNonStreaming)
REQUESTS = accepted_by(MessageCreateParamsNonStreaming)
MODELS = ("gpt-4o", "gpt-5.2", "deepseek-v4", "magistral-medium", "gemini-3-pro")
TRAITS = (
    *map(traits_of, map(family_of, MODELS)),
    openrouter_traits(family_of("anthropic/claude-opus-4.5")),
)
GENEROUS = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@GENEROUS
@given(body=REQUESTS, traits=st.sampled_from(TRAITS))
def test_a_request_becomes_a_valid_chat_or_is_refused_by_name(body: dict[str, Any], traits):
    payload = chat_or_place(body, traits)
    if isinstance(payload, str):
        assert payload
        return
    chat = orjson.loads(write_json(payload.body))
    assert chat_request(body, traits) == payload, "the caches of upstreams want it the same"
    read = CHATS.validate_python(chat)
    for message in read["messages"]:
        _read_lazy(message.get("content"))
        _read_lazy(message.get("tool_calls"))
    _read_lazy(read.get("tools"))
    names = [tool["function"]["name"] for tool in chat.get("tools", [])]
    assert all(len(name) <= 64 for name in names)


@GENEROUS
@given(body=REQUESTS)
def test_its_tokens_are_estimated(body: dict[str, Any]):
    assert estimated_message_tokens(body) > 0
    assert without_carried(body) is body


def chat_or_place(body, traits):
    """The chat, or the place of what is refused."""
    try:
        return chat_request(body, traits)
    except UnsendableError as exc:
        return exc.param or ""


def _read_lazy(values: Any) -> None:
    if not isinstance(values, str | None):
        list(values)


@pytest.mark.parametrize(
    "field",
    [
        {"container": None},
        {"mcp_servers": []},
        {"context_management": {}},
        {"tools": []},
        {"stop_sequences": []},
        {"thread": None},
        {"speed": "standard"},
        {"fallbacks": None},
    ],
)
def test_fields_that_say_nothing_are_not_there(field):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert chat_request(body | field) == chat_request(body)


@pytest.mark.parametrize(
    "field",
    [
        {"betas": ["context-1m-2025-08-07"]},
        {"diagnostics": {"previous_message_id": None}},
        {"container": "container_1"},
        {"context_management": {"edits": []}},
        {"inference_geo": "eu"},
        {"user_profile_id": "u"},
        {"never_heard_of": 7},
    ],
)
def test_fields_that_no_chat_has_are_named(field):
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    payload = chat_request(body | field)
    assert payload.body == chat_request(body).body
    assert payload.dropped == tuple(field)
