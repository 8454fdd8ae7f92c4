"""The parts of a chat's messages as those of a response's input."""

from __future__ import annotations

import pytest

from wire_formats.responses.request_from_chat.parts import part_of, words_of

URL = "data:image/png;base64,iVBO"
IMAGE = {"type": "input_image", "image_url": URL, "detail": "auto"}


@pytest.mark.parametrize("kind", ["text", "input_text", "output_text"])
def test_texts_have_one_name(kind: str) -> None:
    assert part_of({"type": kind, "text": "Hi"}) == {"type": "input_text", "text": "Hi"}


@pytest.mark.parametrize(
    ("part", "detail"),
    [
        ({"type": "image_url", "image_url": {"url": URL, "detail": "low"}}, "low"),
        ({"type": "image_url", "image_url": {"url": URL, "detail": 5}}, "auto"),
        ({"type": "image_url", "image_url": {"url": URL, "detail": "so so"}}, "auto"),
        ({"type": "input_image", "image_url": URL, "detail": "high"}, "high"),
        ({"type": "image_url", "image_url": URL}, "auto"),
    ],
)
def test_an_image_has_a_url_and_a_detail(part: dict, detail: str) -> None:
    assert part_of(part) == IMAGE | {"detail": detail}


def test_of_a_file_only_what_is_text_is_sent() -> None:
    file = {"file_data": "data:x", "filename": "a.pdf", "file_id": None, "more": "x"}
    assert part_of({"type": "file", "file": file}) == {
        "type": "input_file",
        "file_data": "data:x",
        "filename": "a.pdf",
    }


@pytest.mark.parametrize(
    "part",
    [{}, {"type": "text"}, {"type": "image_url"}, {"type": "file"}, {"type": "input_audio"}],
)
def test_for_other_parts_a_response_has_no_words(part: dict) -> None:
    assert part_of(part) is None


def test_a_breakpoint_of_the_cache_stays_with_its_part() -> None:
    mark = {"mode": "explicit", "ttl": "30m"}
    part = {"type": "text", "text": "Hi", "prompt_cache_breakpoint": mark}
    assert part_of(part) == {
        "type": "input_text",
        "text": "Hi",
        "prompt_cache_breakpoint": mark,
    }


def test_an_assistants_words_and_its_refusal_are_one_text() -> None:
    lost: list[str] = []
    parts = [
        {"type": "text", "text": "One"},
        {"type": "output_text", "text": "two"},
        {"type": "thinking", "thinking": []},
        {"type": "refusal", "refusal": "No."},
    ]
    assert words_of({"content": parts, "refusal": "Never."}, lost) == "OnetwoNo.\nNever."
    assert words_of({"content": "Hi", "refusal": None}, lost) == "Hi"
    assert lost == []
    image = {"type": "image_url", "image_url": {"url": "u"}}
    assert words_of({"content": [image, 5]}, lost) == ""
    assert lost == ["messages.content", "messages.content"]
