"""A field of a request changes what the upstream is sent, is named as dropped, or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typing_extensions
from anthropic.types.beta import message_create_params
from hypothesis import HealthCheck, Phase, given, seed, settings
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from proxy.client_side.handler import ApiHandler
from tests.support.asgi import AsgiClient
from tests.support.every_upstream import EveryUpstream, provide, serving
from tests.support.in_process import post
from tests.support.sdk_requests import accepted_by

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
ASK = [{"role": "user", "content": "Hi"}]
CHAT = {
    "messages": ASK,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
}
RESPONSE = {
    "input": "Hi",
    "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}],
}
MESSAGE = {"messages": ASK, "max_tokens": 999, "tools": [{"name": "f", "input_schema": SCHEMA}]}
SURFACES = [
    (
        "/v1/chat/completions",
        completion_create_params.CompletionCreateParamsNonStreaming,
        CHAT,
        ("o5-responses", "claude-opus-4-1", "claude-opus-4-8", "qwen3"),
    ),
    (
        "/v1/responses",
        response_create_params.ResponseCreateParamsNonStreaming,
        RESPONSE,
        ("deepseek-v4", "claude-opus-4-8", "qwen3", "piped"),
    ),
    (
        "/v1/messages",
        message_create_params.MessageCreateParamsNonStreaming,
        MESSAGE,
        ("gpt-4o", "o5-responses", "deepseek-v4", "qwen3", "anthropic/claude-opus-4.5"),
    ),
]
# Values that ask for what happens anyway.
NEUTRAL: dict[str, tuple[Any, ...]] = {
    "background": (False,),
    "disable_parallel_tool_use": (False,),
    "frequency_penalty": (0,),
    "logprobs": (False,),
    "modalities": (["text"],),
    "n": (1,),
    "parallel_tool_calls": (True,),
    "presence_penalty": (0,),
    "reasoning_effort": ("none",),
    "response_format": ({"type": "text"},),
    "service_tier": ("auto",),
    "speed": ("standard",),
    "store": (False,),
    "temperature": (1,),
    "text": ({"format": {"type": "text"}},),
    "thinking": ({"type": "disabled"},),
    "tool_choice": ("auto", {"type": "auto"}),
    "top_logprobs": (0,),
    "top_p": (1,),
    "truncation": ("disabled",),
}
# Fields that cannot matter to a translated request, and why.
IRRELEVANT = {
    ("/v1/chat/completions", "stream_options"): "the answer is not streamed",
    ("/v1/responses", "stream_options"): "the answer is not streamed",
    ("/v1/responses", "metadata"): "the response repeats it; no model sees it",
    ("/v1/responses", "store"): "the gateway keeps the response itself",
    ("/v1/responses", "include"): "sealed reasoning comes unasked; log probabilities are named",
    ("/v1/responses", "reasoning.summary"): "thoughts are always told as a summary",
    ("/v1/responses", "reasoning.generate_summary"): "thoughts are always told as a summary",
}
# What a field is called where it is dropped after it became another one.
OTHER_NAMES = {"metadata": "user", "max_output_tokens": "max_tokens", "text": "verbosity"}
MOST_ATTEMPTS = 5
OF_TIME_LIMITS = frozenset({408, 502, 503, 504})
DRAWN = settings(
    max_examples=6,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def key(transactional_db) -> str:
    return provide()


@pytest.mark.timeout(1200)  # hundreds of requests, on a machine that may have much else to do
@pytest.mark.parametrize(("path", "kind", "body", "models"), SURFACES)
async def test_no_field_is_lost_in_silence(key, path, kind, body, models):
    upstream = EveryUpstream()
    silent = []
    values = list(values_of(kind, body, path))
    async with serving(upstream) as api:
        for model in models:
            asked = body | {"model": model}
            plain = await answered(api, key, path, asked)
            assert plain.status == 200, plain.body
            without = upstream.last
            for name, value in values:
                answer = await answered(api, key, path, asked | {name: value})
                if not is_told(answer, name, value) and upstream.last == without:
                    silent.append((model, name, value))
    assert silent == []


async def answered(api: ApiHandler, key: str, path: str, body: dict[str, Any]) -> AsgiClient:
    """The response to ``body``, which says nothing of the request if a time limit was exceeded."""
    for _ in range(MOST_ATTEMPTS):
        response = await post(api, key, path, body)
        if response.status not in OF_TIME_LIMITS:
            return response
    raise AssertionError(f"{path} got no response in time: {response.body!r}")


def values_of(kind: Any, body: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    """Some values of each field of ``kind`` that say something."""
    hints = typing_extensions.get_type_hints(kind, include_extras=True)
    for name in sorted(hints.keys() - body.keys() - {"model", "stream"}):
        if (path, name) in IRRELEVANT:
            continue
        for value in drawn(hints[name]):
            told = meant(value, name, path)
            if told not in (None, "", " ", [], {}) and told not in NEUTRAL.get(name, ()):
                yield name, told


def drawn(hint: Any) -> list[Any]:
    found: list[Any] = []

    @seed(1)
    @DRAWN
    @given(accepted_by(hint, 4))
    def draw(value: Any) -> None:
        found.append(value)

    draw()
    return found


def meant(value: Any, name: str, path: str) -> Any:
    """``value`` without the fields that say nothing."""
    if not isinstance(value, dict):
        return value
    kept = {key: meant(each, key, path) for key, each in value.items()}
    return {
        key: each
        for key, each in kept.items()
        if each not in (None, "", " ", [], {})
        and each not in NEUTRAL.get(key, ())
        and (path, f"{name}.{key}") not in IRRELEVANT
    }


def is_told(answer: Any, name: str, value: Any) -> bool:
    """Whether ``answer`` names the field, or one within its ``value``, as dropped, or refuses it.

    What refusals say is held to in ``test_accepted_requests``.
    """
    dropped = answer.headers.get("x-gateway-dropped-params", "")
    names = [name, OTHER_NAMES.get(name, name), *(value if isinstance(value, dict) else ())]
    return 400 <= answer.status < 500 or any(each in dropped for each in names)
