from __future__ import annotations

from wire_formats.messages.estimate import estimated_message_tokens
from wire_formats.token_estimate import MEDIA_TOKENS


def body(*content: object, **fields: object) -> dict:
    messages = [{"role": "user", "content": list(content)}]
    return {"model": "m", "messages": messages, "max_tokens": 9, **fields}


def text(characters: int, meaning: str = "a") -> dict:
    return {"type": "text", "text": meaning * characters}


def picture(bytes_: int) -> dict:
    source = {"type": "base64", "media_type": "image/png", "data": "A" * bytes_}
    return {"type": "image", "source": source}


def test_what_the_model_does_not_read_does_not_count() -> None:
    plain = estimated_message_tokens(body(text(40)))
    assert estimated_message_tokens(body(text(40), metadata={"user_id": "x" * 400})) == plain
    assert estimated_message_tokens(body(text(40), system="x" * 400)) > plain + 100
    assert estimated_message_tokens(body(text(40), tools=[{"name": "x" * 400}])) > plain + 100


def test_a_picture_counts_the_same_however_large_and_wherever_it_stands() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [picture(9_000_000)]}
    for block in (picture(10), picture(9_000_000), result):
        assert 0 <= estimated_message_tokens(body(block)) - MEDIA_TOKENS < 40


def test_the_text_of_a_document_is_a_text() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "a" * 4000}
    assert 1000 < estimated_message_tokens(body({"type": "document", "source": source})) < 1100
