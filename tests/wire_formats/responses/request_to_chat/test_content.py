"""The content of an item as that of a chat's message."""

from __future__ import annotations

from typing import Any

import pytest

from wire_formats.errors import UnsendableError
from wire_formats.responses.request_to_chat.content import parts_of, plain, text_of

IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,aW1n", "detail": "auto"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"type": "refusal", "refusal": "No."}, {"type": "text", "text": "No."}),
        ({"type": "summary_text", "text": "Hm."}, {"type": "text", "text": "Hm."}),
        (IMAGE, {"type": "image_url", "image_url": {"url": IMAGE["image_url"]}}),
        (
            {"type": "input_image", "image_url": {"url": "https://x"}, "detail": "original"},
            {"type": "image_url", "image_url": {"url": "https://x", "detail": "high"}},
        ),
        (
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:x"},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:x"}},
        ),
        (
            {"type": "input_file", "file_url": "https://example.com/b.pdf?x=1"},
            {
                "type": "file",
                "file": {"filename": "b.pdf", "file_data": "https://example.com/b.pdf?x=1"},
            },
        ),
        (
            {"type": "input_file", "file_id": "file-1"},
            {"type": "file", "file": {"file_id": "file-1"}},
        ),
        (
            {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
            {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
        ),
    ],
)
def test_a_part_says_the_same_in_a_chat(part: dict[str, Any], expected: dict[str, Any]) -> None:
    assert parts_of([part], "here", None) == [expected]


@pytest.mark.parametrize("part", [{"type": "input_image", "file_id": "f"}, {"type": "x"}, 5])
def test_other_parts_are_refused_or_left_out_and_named(part: Any) -> None:
    with pytest.raises(UnsendableError) as caught:
        parts_of([part], "here", None)
    assert caught.value.param == "here.0"
    dropped: list[str] = []
    assert parts_of([part], "here", dropped) == []
    assert dropped == ["here.0"]


def test_texts_alone_are_one() -> None:
    texts = parts_of([{"type": "text", "text": each} for each in ("a", "", "b")], "", None)
    assert plain(texts) == text_of(texts) == "a\nb"
    mixed = [*texts, *parts_of([IMAGE], "", None)]
    assert plain(mixed) == mixed
    assert parts_of("", "", None) == []
