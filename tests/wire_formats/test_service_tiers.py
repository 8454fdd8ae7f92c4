"""The tier that an answer tells of: from each format, whole and streamed, and from one to another.

https://platform.openai.com/docs/api-reference/chat/object
https://platform.claude.com/docs/en/api/service-tiers
"""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from wire_formats.chat.dialect import CHAT
from wire_formats.dialect import Dialect
from wire_formats.messages.answer_to_chat.answer import MessageTranslation
from wire_formats.messages.dialect import MESSAGES
from wire_formats.responses.answer_to_chat.answer import ResponseTranslation
from wire_formats.responses.dialect import RESPONSES
from wire_formats.service_tiers import MIXED, joint_tier, messages_tier_in, tier_in
from wire_formats.sse import encoded_event, typed_event
from wire_formats.token_counts import Tokens
from wire_formats.translation import Translation

COUNTS = {"input_tokens": 9, "output_tokens": 1}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "usage": COUNTS,
}
RESPONSE: dict[str, Any] = {"id": "resp_1", "model": "gpt", "status": "completed", "output": []}
DELTA = {"stop_reason": "end_turn"}


def told(dialect: Dialect, *events: bytes) -> str | None:
    tokens = Tokens()
    for event in events:
        if dialect.is_noteworthy(event):
            dialect.meaning_of(event, tokens)
    return tokens.service_tier


def a_chunk(**fields: Any) -> bytes:
    return encoded_event({"choices": [], "usage": {"prompt_tokens": 1}} | fields)


def begun(**usage: Any) -> dict[str, Any]:
    return {"type": "message_start", "message": MESSAGE | {"usage": COUNTS | usage}}


def ended(**usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": DELTA, "usage": {"output_tokens": 1} | usage}


@pytest.mark.parametrize(
    ("dialect", "events", "tier"),
    [
        (CHAT, [a_chunk(service_tier="flex")], "flex"),
        (CHAT, [a_chunk(usage={"prompt_tokens": 1, "service_tier": "flex"})], "flex"),  # LiteLLM
        (CHAT, [a_chunk(service_tier="flex"), a_chunk(service_tier=None)], "flex"),
        (CHAT, [a_chunk(service_tier=7)], None),
        (CHAT, [a_chunk(service_tier="x" * 33)], None),
        (CHAT, [a_chunk()], None),
        (
            RESPONSES,
            [  # the first event tells what was asked for
                typed_event("response.created", response=RESPONSE | {"service_tier": "auto"}),
                typed_event("response.completed", response=RESPONSE | {"service_tier": "default"}),
            ],
            "default",
        ),
        (RESPONSES, [typed_event("response.completed", response=None)], None),
        (
            MESSAGES,
            [encoded_event(begun(service_tier="priority")), encoded_event(ended())],
            "priority",
        ),
        (MESSAGES, [encoded_event(begun()), encoded_event(ended(service_tier="batch"))], "batch"),
        (MESSAGES, [encoded_event(begun(service_tier="standard", speed="fast"))], "fast"),
        (MESSAGES, [encoded_event(begun(service_tier="standard", speed="standard"))], "standard"),
    ],
)
def test_a_stream_tells_of_its_tier(dialect, events, tier):
    assert told(dialect, *events) == tier


def streamed(translation: Translation, events: list[dict[str, Any]]) -> str | None:
    chunks = [chunk for event in events for chunk in translation.event(event)]
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk, strict=True)
    return told(CHAT, *map(encoded_event, chunks))


def whole(translation: Translation, answer: dict[str, Any]) -> str | None:
    return ChatCompletion.model_validate(translation.answer(answer), strict=True).service_tier


@pytest.mark.parametrize(
    ("usage", "tier"),
    [
        ({"service_tier": "standard"}, "default"),
        ({"service_tier": "priority"}, "priority"),
        ({"service_tier": "standard", "speed": "fast"}, "fast"),
        ({"service_tier": None}, None),
    ],
)
def test_a_message_tells_a_chat_of_its_tier(usage, tier):
    assert whole(MessageTranslation(), MESSAGE | {"usage": COUNTS | usage}) == tier
    events = [begun(**usage), ended(), {"type": "message_stop"}]
    assert streamed(MessageTranslation(), events) == tier


def test_a_response_tells_a_chat_of_its_tier():
    response = RESPONSE | {"service_tier": "flex", "usage": COUNTS}
    assert whole(ResponseTranslation(), response) == "flex"
    asked = RESPONSE | {"service_tier": "auto"}
    events = [
        {"type": "response.created", "response": asked},
        {"type": "response.completed", "response": response},
    ]
    assert streamed(ResponseTranslation(), events) == "flex"


@pytest.mark.parametrize("holder", [None, [], "flex", {}, {"service_tier": ["flex"]}])
def test_what_tells_of_no_tier_has_none(holder):
    assert (tier_in(holder), messages_tier_in(holder)) == (None, None)


@pytest.mark.parametrize(
    ("before", "after", "tier"),
    [
        ("flex", "flex", "flex"),
        ("default", None, "default"),
        (None, "auto", None),
        (None, None, None),
        ("flex", None, MIXED),
        ("default", "priority", MIXED),
        (MIXED, "priority", MIXED),
    ],
)
def test_answers_of_several_tiers_have_none_of_them(before, after, tier):
    assert joint_tier(before, after) == tier
