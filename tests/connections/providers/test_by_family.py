from __future__ import annotations

import orjson
import pytest

from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION, TRANSLATION_EXTENSION
from tests.support.builders import a_call, an_upstream

TOOL = {"type": "function", "function": {"name": "f"}}
AZURE = "https://me.openai.azure.com"


def asked(model: str, *, upstream: dict | None = None, **fields: object):
    body = {"model": "public", "messages": [{"role": "user", "content": "Hi"}]} | fields
    adapter = adapter_for(an_upstream(**{"provider": "openai"} | (upstream or {})))
    return adapter.request(a_call(body, model=model))


@pytest.mark.parametrize(
    ("model", "fields", "path"),
    [
        ("gpt-5.4", {"tools": [TOOL], "reasoning_effort": "low"}, "responses"),
        ("gpt-5.5-2026-05-01", {"tools": [TOOL], "reasoning": {"effort": "low"}}, "responses"),
        ("openai/gpt-5.4", {"functions": [{"name": "f"}], "reasoning_effort": "x"}, "responses"),
        ("gpt-5.4", {"tools": [TOOL], "reasoning_effort": "none"}, "chat/completions"),
        ("gpt-5.4", {"tools": [TOOL]}, "chat/completions"),
        ("gpt-5.4", {"reasoning_effort": "low"}, "chat/completions"),
        ("gpt-5.4", {"tools": [], "reasoning_effort": "low"}, "chat/completions"),
        ("gpt-5.1", {"tools": [TOOL], "reasoning_effort": "low"}, "chat/completions"),
        ("gpt-4o", {"tools": [TOOL], "reasoning_effort": "low"}, "chat/completions"),
        ("my-own", {"tools": [TOOL], "reasoning_effort": "low"}, "chat/completions"),
        ("gpt-5-pro", {}, "responses"),
    ],
)
def test_a_chat_goes_where_its_model_takes_it(model: str, fields: dict, path: str) -> None:
    request = asked(model, **fields)
    assert str(request.url) == f"https://one.example/v1/{path}"
    is_translated = request.extensions[TRANSLATION_EXTENSION] is not None
    assert is_translated is (path == "responses")


def test_tools_and_effort_are_said_in_the_words_of_responses() -> None:
    body = orjson.loads(asked("gpt-5.4", tools=[TOOL], reasoning_effort="low").content)
    assert body["reasoning"] == {"effort": "low"}
    assert body["tools"][0]["name"] == "f"
    assert body["include"] == ["reasoning.encrypted_content"]


THOUGHT = {"reasoning_content": "Hm.", "reasoning_details": [{"type": "reasoning.encrypted"}]}


OLD_AZURE = {"provider": "azure", "base_url": AZURE, "api_version": "2024-10-21"}


@pytest.mark.parametrize(
    ("upstream", "model", "is_kept"),
    [
        ({}, "gpt-5.4", False),
        ({}, "my-own", True),
        (OLD_AZURE, "gpt-5.4", False),
        (OLD_AZURE, "gpt-5-pro", False),
        (OLD_AZURE, "my-own", True),
    ],
)
def test_thoughts_that_were_told_at_responses_stay_away_from_chats(
    upstream: dict, model: str, is_kept: bool
) -> None:
    said = {"role": "assistant", "content": "Hi"}
    request = asked(model, upstream=upstream, messages=[said | THOUGHT])
    [sent] = orjson.loads(request.content)["messages"]
    assert sent == (said | THOUGHT if is_kept else said)
    dropped = () if is_kept else ("messages.reasoning_content", "messages.reasoning_details")
    assert request.extensions[DROPPED_EXTENSION] == dropped


@pytest.mark.parametrize(
    ("version", "path"),
    [
        ("2025-04-01-preview", "/openai/responses"),
        ("preview", "/openai/responses"),
        ("2024-10-21", "/openai/deployments/gpt-5.4/chat/completions"),
    ],
)
def test_on_azure_the_version_must_know_responses(version: str, path: str) -> None:
    upstream = {"provider": "azure", "base_url": AZURE, "api_version": version}
    request = asked("gpt-5.4", upstream=upstream, tools=[TOOL], reasoning_effort="low")
    assert request.url.path == path


def test_other_upstreams_are_asked_as_ever() -> None:
    upstream = {"provider": "compatible"}
    request = asked("gpt-5.4", upstream=upstream, tools=[TOOL], reasoning_effort="low")
    assert request.url.path == "/v1/chat/completions"


def test_other_endpoints_are_where_they_were() -> None:
    adapter = adapter_for(an_upstream(provider="openai"))
    call = a_call({"model": "m", "input": "Hi"}, endpoint="responses", model="gpt-5.4")
    request = adapter.request(call)
    assert request.url.path == "/v1/responses"
    assert request.extensions[TRANSLATION_EXTENSION] is None
