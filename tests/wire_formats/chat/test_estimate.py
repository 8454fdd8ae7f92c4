from __future__ import annotations

import pytest

from wire_formats.chat.estimate import estimated_chat_tokens
from wire_formats.token_estimate import MEDIA_TOKENS

BASE64 = "A" * 100_000
PARTS = [
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{BASE64}"}},
    {"type": "image_url", "image_url": {"url": "https://pictures.example/one.png"}},
    {"type": "input_audio", "input_audio": {"data": BASE64, "format": "wav"}},
    {"type": "file", "file": {"file_data": BASE64, "filename": "a.pdf"}},
    {"type": "video_url", "video_url": {"url": f"data:video/mp4;base64,{BASE64}"}},
    {"type": "image_embeds", "image_embeds": BASE64},
    {"type": "text", "text": "What is this?", "extra": f"data:image/png;base64,{BASE64}"},
]


def chat_of(content: object) -> dict:
    return {"model": "m", "messages": [{"role": "user", "content": content}]}


def test_messages_and_tools_count_and_the_rest_does_not() -> None:
    few = estimated_chat_tokens(chat_of("x" * 400))
    assert 100 <= few <= 115
    assert estimated_chat_tokens(chat_of("x" * 400) | {"metadata": {"a": "x" * 400}}) == few
    tools = [{"type": "function", "function": {"name": "x", "description": "x" * 400}}]
    assert estimated_chat_tokens(chat_of("x" * 400) | {"tools": tools}) > few + 100


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part["type"])
def test_media_count_flat_and_never_as_text(part) -> None:
    text = {"type": "text", "text": "x"}
    counted = estimated_chat_tokens(chat_of([text, part, part]))
    assert 2 * MEDIA_TOKENS < counted < 2 * MEDIA_TOKENS + 100


def test_a_text_about_pictures_is_a_text() -> None:
    text = '{"type":"image_url"} "input_audio" "content":[{"file"' * 100
    assert estimated_chat_tokens(chat_of([{"type": "text", "text": text}])) < MEDIA_TOKENS + 500
    assert estimated_chat_tokens(chat_of(text)) >= len(text) // 4
