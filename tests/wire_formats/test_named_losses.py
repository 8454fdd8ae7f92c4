"""What a translation leaves out is named, however deep in a request it stands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from anthropic.types.beta import message_create_params
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from tests.support.nested_fields import MARK, Variant, variants_of
from wire_formats.errors import UnsendableError
from wire_formats.families import family_of
from wire_formats.json_numbers import write_json
from wire_formats.messages.chat_with_blocks import chat_with_blocks
from wire_formats.messages.request_from_chat.request import messages_request
from wire_formats.messages.request_to_chat.chat_traits import openrouter_traits, traits_of
from wire_formats.messages.request_to_chat.request import chat_request as chat_of_messages
from wire_formats.ollama.request_from_chat import chat_request as ollama_request
from wire_formats.responses.chat_with_input import chat_with_input
from wire_formats.responses.request_from_chat.request import responses_request
from wire_formats.responses.request_to_chat.request import chat_request as chat_of_responses

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
PNG = "data:image/png;base64,aW1n"
PDF = "data:application/pdf;base64,cGRm"
CHAT_CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "f", "arguments": '{"city": "Ulm"}'},
}
CUSTOM_CALL = {"id": "call_2", "type": "custom", "custom": {"name": "g", "input": "Ulm"}}
CHAT = {
    "messages": [
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello", "tool_calls": [CHAT_CALL, CUSTOM_CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": "Sun"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "Rain"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "It is sunny."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And here?"},
                {"type": "image_url", "image_url": {"url": PNG}},
            ],
        },
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": SCHEMA}},
        {"type": "custom", "custom": {"name": "g"}},
    ],
}
CHAT_FILE = {
    "messages": [
        {
            "role": "user",
            "content": [{"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}}],
        }
    ]
}
CHAT_AUDIO = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "input_audio", "input_audio": {"data": "aW1n", "format": "wav"}},
            ],
        }
    ]
}
CHAT_LEGACY = {
    "messages": [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "Sun"},
    ],
    "functions": [{"name": "f", "parameters": SCHEMA}],
}
RESPONSE = {
    "input": [
        {"role": "developer", "content": "Be brief."},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]},
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hello", "annotations": []}],
        },
        {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "call_2", "name": "g", "input": "Ulm"},
        {"type": "function_call_output", "call_id": "call_1", "output": "Sun"},
        {
            "type": "custom_tool_call_output",
            "call_id": "call_2",
            "output": [
                {"type": "input_text", "text": "Rain"},
                {"type": "input_image", "image_url": PNG, "detail": "low"},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "And here?"},
                {"type": "input_image", "image_url": PNG, "detail": "low"},
                {"type": "input_file", "file_data": PDF, "filename": "a.pdf"},
            ],
        },
    ],
    "tools": [
        {"type": "function", "name": "f", "parameters": SCHEMA, "strict": False},
        {"type": "custom", "name": "g"},
    ],
}
MESSAGE = {
    "max_tokens": 999,
    "metadata": {"user_id": "u-1"},
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Hello"},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Ulm"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [
                        {"type": "text", "text": "Sun"},
                        {
                            "type": "image",
                            "source": {
                                "type": "base64",
                                "media_type": "image/png",
                                "data": "aW1n",
                            },
                        },
                    ],
                },
                {"type": "text", "text": "And here?"},
                {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                {
                    "type": "document",
                    "source": {
                        "type": "base64",
                        "media_type": "application/pdf",
                        "data": "cGRm",
                    },
                },
                {
                    "type": "document",
                    "source": {"type": "text", "media_type": "text/plain", "data": "Ulm"},
                },
                {
                    "type": "search_result",
                    "title": "Ulm",
                    "source": "https://example.com/ulm",
                    "content": [{"type": "text", "text": "A city"}],
                },
            ],
        },
    ],
    "tools": [{"name": "f", "input_schema": SCHEMA}],
}
CHAT_OPTIONS = {
    "messages": [{"role": "user", "content": "Hi"}],
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    },
    "tools": [
        {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
}
MESSAGE_OPTIONS = {
    "max_tokens": 9999,
    "messages": [{"role": "user", "content": "Hi"}],
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "tools": [{"name": "f", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "f"},
}
MESSAGE_THOUGHTS = {
    "max_tokens": 9999,
    "messages": [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "aW1n"},
                {"type": "redacted_thinking", "data": "aW1n"},
                {"type": "text", "text": "Hello", "citations": []},
                {
                    "type": "server_tool_use",
                    "id": "s_1",
                    "name": "web_search",
                    "input": {"q": "Ulm"},
                },
                {"type": "web_search_tool_result", "tool_use_id": "s_1", "content": []},
            ],
        },
        {"role": "user", "content": [{"type": "text", "text": "And here?"}]},
    ],
    "tools": [{"name": "f", "input_schema": SCHEMA}],
}
TOLD_IN_WORDS = frozenset({"messages.server_tool_use", "messages.web_search_tool_result"})
FORGOTTEN = frozenset({"messages.thinking"})
CHATS = (CHAT_OPTIONS, CHAT, CHAT_FILE, CHAT_AUDIO, CHAT_LEGACY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A translation of requests of the type ``kind``. ``lost`` are the losses of ``bodies``."""

    kind: Any
    bodies: tuple[Any, ...]
    translate: Callable[[Any], Any]
    lost: frozenset[str] = frozenset()


def to_messages(model: str) -> Callable[[Any], Any]:
    return lambda body: messages_request(body, model=model)


def to_responses(model: str) -> Callable[[Any], Any]:
    return lambda body: responses_request(body, model=model, family=family_of(model))


CHAT_KIND = completion_create_params.CompletionCreateParamsNonStreaming
MESSAGES_KIND = message_create_params.MessageCreateParamsNonStreaming
RESPONSES_KIND = response_create_params.ResponseCreateParamsNonStreaming
PAIRS = {
    "chat to Messages, Opus 4.1": Pair(
        kind=CHAT_KIND, bodies=CHATS, translate=to_messages("claude-opus-4-1")
    ),
    "chat to Messages, Opus 4.8": Pair(
        kind=CHAT_KIND, bodies=CHATS, translate=to_messages("claude-opus-4-8")
    ),
    "chat to Responses": Pair(kind=CHAT_KIND, bodies=CHATS, translate=to_responses("gpt-5.4")),
    "chat to Ollama": Pair(
        kind=CHAT_KIND,
        bodies=CHATS,
        translate=lambda body: ollama_request(body, model="qwen3"),
        lost=frozenset({"tool_choice", "tools.1", "functions"}),
    ),
    "Messages to chat, GPT": Pair(
        kind=MESSAGES_KIND,
        bodies=(MESSAGE, MESSAGE_OPTIONS, MESSAGE_THOUGHTS),
        translate=lambda body: chat_of_messages(body, traits_of(family_of("gpt-4o"))),
        lost=TOLD_IN_WORDS | FORGOTTEN,
    ),
    "Messages to chat, GPT that thinks": Pair(
        kind=MESSAGES_KIND,
        bodies=(MESSAGE, MESSAGE_OPTIONS, MESSAGE_THOUGHTS),
        translate=lambda body: chat_of_messages(body, traits_of(family_of("gpt-5.2"))),
        lost=TOLD_IN_WORDS | FORGOTTEN,
    ),
    "Messages to chat, OpenRouter": Pair(
        kind=MESSAGES_KIND,
        bodies=(MESSAGE, MESSAGE_OPTIONS, MESSAGE_THOUGHTS),
        translate=lambda body: chat_of_messages(
            body, openrouter_traits(family_of("anthropic/claude-opus-4.5"))
        ),
        lost=TOLD_IN_WORDS,
    ),
    "Messages within a chat": Pair(
        kind=MESSAGES_KIND, bodies=(MESSAGE, MESSAGE_THOUGHTS), translate=chat_with_blocks
    ),
    "Responses within a chat": Pair(
        kind=RESPONSES_KIND, bodies=(RESPONSE,), translate=chat_with_input
    ),
    "Responses to chat": Pair(kind=RESPONSES_KIND, bodies=(RESPONSE,), translate=chat_of_responses),
}
# Fields and values that make no difference to a translated request, and why.
EXCUSED: dict[str, str] = {
    "background=False": "it is the default",
    "logprobs=False": "it is the default",
    "parallel_tool_calls=True": "it is the default",
    "parallel_tool_calls=False": "it matters beside tools alone, and then it is kept",
    "store=False": "a chat is kept nowhere",
    "modalities=text": "it is the default",
    "reasoning_effort=none": "it is what a model that only thinks when asked to does",
    "service_tier=auto": "it is the default",
    "truncation=disabled": "it is the default",
    "speed=standard": "it is the default",
    "tool_choice=auto": "it is the default",
    "tool_choice=none": "it is the default where there are no tools",
    "function_call=auto": "it is the default",
    "function_call=none": "it is the default where there are no functions",
    "messages.content.image_url.detail=auto": "it is the default",
    "input.content.detail=auto": "it is the default",
    "input.output.detail=auto": "it is the default",
    "tools.allowed_callers=direct": "it is the default",
    "messages.content.caller={'type': 'direct'}": "it is the default",
    "input.caller={'type': 'direct'}": "it is the default",
    "response_format={'type': 'text'}": "it is the default",
    "text.format={'type': 'text'}": "it is the default",
    "tools.format={'type': 'text'}": "it is the default",
    "tools.custom.format={'type': 'text'}": "it is the default",
    "model": "the connection says what the upstream's model is called",
    "messages.name": "the name of a function's result is that of its call",
    "stream_options": "the answer is not streamed",
    "metadata": "the response repeats it; no model sees it",
    "store": "the gateway keeps the response itself",
    "include=reasoning.encrypted_content": "sealed reasoning comes unasked",
    "reasoning.summary": "thoughts are always told as a summary",
    "reasoning.generate_summary": "thoughts are always told as a summary",
    "response_format.json_schema.name": "it is a label",
    "response_format.json_schema.strict": "the upstreams hold to every schema",
    "thinking.display": "the response is written accordingly",
    "thinking={'type': 'disabled'}": "it is the default",
    "stream=False": "it is the default",
    "messages.content.file.file_id": "beside the data it names the same file",
    "input.content.file_id": "beside the data or a URL it names the same file",
    "input.content.file_url": "beside the data it names the same file",
    "input.output.file_id": "beside a URL it names the same file",
    "input.name (function_call_output)": "it is that of the call",
    "input.namespace (function_call_output)": "it is that of the call",
    "input.id": "it names what the sender keeps; the item itself is here",
    "input.status": "an item that is sent back has ended",
}


@pytest.mark.parametrize("name", PAIRS)
def test_no_nested_field_is_lost_in_silence(name):
    pair = PAIRS[name]
    silent = [
        f"{variant.place}={variant.value}"
        for body in pair.bodies
        for variant in variants_of(pair.kind, {"model": "m", **body})
        if not is_excused(variant) and not is_told(pair.translate, variant)
    ]
    assert sorted(set(silent)) == []


@pytest.mark.parametrize("name", PAIRS)
def test_the_plain_requests_lose_nothing_more(name):
    """Else their losses would hide those of further fields."""
    pair = PAIRS[name]
    for body in pair.bodies:
        with suppress(UnsendableError):
            assert pair.lost.issuperset(pair.translate({"model": "m", **body}).dropped)


def is_excused(variant: Variant) -> bool:
    place = variant.place
    if variant.value is False and "." in place:
        return True  # it is the default of each field that stands within another
    told = {f"{place}={variant.value}", *(f"{place} ({kind})" for kind in variant.kinds)}
    return not told.isdisjoint(EXCUSED) or any(
        place == name or place.startswith(f"{name}.") for name in EXCUSED
    )


def is_told(translate: Callable[[Any], Any], variant: Variant) -> bool:
    """Whether the value is in the translated request, changes it, is named as lost, or refused."""
    try:
        told = translate(variant.body)
    except UnsendableError:
        return True
    if any(is_name_of(name, variant) for name in told.dropped):
        return True
    if variant.is_marked:
        return MARK in write_json(told.body).decode()
    try:
        return bool(told.body != translate(variant.plain).body)
    except UnsendableError:
        return True


def is_name_of(name: str, variant: Variant) -> bool:
    """Whether ``name`` is made of those of the field and of what is around it."""
    words = {each for each in name.split(".") if not each.isdecimal()}
    around = {*variant.place.split("."), *variant.kinds}
    around |= {"thinking"} if "redacted_thinking" in around else set()
    return words <= around or name.rpartition(".")[2] == variant.path[-1]
