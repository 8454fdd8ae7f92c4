"""The parts of a chat's messages as those of a response's input."""

from __future__ import annotations

import pytest

from wire_formats.responses.parts_from_chat import part_of

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
