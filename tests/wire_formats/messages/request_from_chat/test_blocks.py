"""The parts of a chat's messages as Anthropic's blocks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire_formats.messages.request_from_chat.test_history import (
    HI,
    MARK,
    history,
    image,
    text,
    user,
)
from wire_formats.errors import UnsendableError
from wire_formats.messages.request_from_chat.blocks import block_of

PDF = "data:application/pdf;base64,JVBE"


def file(**fields: Any) -> dict[str, Any]:
    return {"type": "file", "file": fields}


@pytest.mark.parametrize("kind", ["image/jpg", "image/JPEG", "image/pjpeg"])
def test_jpegs_have_one_name(kind: str) -> None:
    block = block_of(image(f"data:{kind};base64,AA"), "here")
    assert block is not None
    assert block["source"]["media_type"] == "image/jpeg"


def test_an_image_is_given_by_url_or_as_base64() -> None:
    inline = {"type": "base64", "media_type": "image/png", "data": "iVBO"}
    linked = {"type": "url", "url": "https://x.example/a.jpg"}
    assert block_of(image("data:image/png;base64,iVBO"), "") == {"type": "image", "source": inline}
    assert block_of(image(linked["url"]), "") == {"type": "image", "source": linked}


@pytest.mark.parametrize(
    "part",
    [
        image("data:image/tiff;base64,AA"),
        image("data:image/svg+xml;base64,AA"),
        {"type": "input_audio", "input_audio": {"data": "AA", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "https://x.example/v.mp4"}},
        file(filename="x.zip", file_data="data:application/zip;base64,AA"),
        file(),
    ],
)
def test_what_cannot_be_given_is_refused_with_its_place(part: dict[str, Any]) -> None:
    with pytest.raises(UnsendableError) as refused:
        history(HI, user(text("See"), part))
    assert str(refused.value.param).startswith("messages.1.content.1")


@pytest.mark.parametrize(
    ("given", "source"),
    [
        (
            file(filename="a.pdf", file_data=PDF),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (
            file(filename="a.pdf", file_data="JVBE"),
            {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
        ),
        (
            file(filename="a.txt", file_data="data:text/plain;base64,SGk="),
            {"type": "text", "media_type": "text/plain", "data": "Hi"},
        ),
        (
            file(filename="a.txt", file_data="data:text/plain,H%69"),
            {"type": "text", "media_type": "text/plain", "data": "Hi"},
        ),
        (
            file(file_url="https://x.example/a.pdf"),
            {"type": "url", "url": "https://x.example/a.pdf"},
        ),
        (file(file_id="file_1"), {"type": "file", "file_id": "file_1"}),
        (image(PDF), {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}),
    ],
)
def test_files_are_documents(given: dict[str, Any], source: dict[str, Any]) -> None:
    block = block_of(given, "here")
    assert block is not None
    assert (block["type"], block["source"]) == ("document", source)
    assert block.get("title") == given.get("file", {}).get("filename")


def test_anthropics_own_blocks_pass() -> None:
    own = {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}}
    assert block_of({**own, "cache_control": MARK}, "") == own | {"cache_control": MARK}


@pytest.mark.parametrize("words", ["", " \n", None])
def test_blank_text_is_no_block(words: Any) -> None:
    assert block_of(text(words), "") is None


def test_a_text_file_must_be_utf_8() -> None:
    broken = file(filename="a.txt", file_data="data:text/plain;base64,/w==")
    with pytest.raises(UnsendableError, match="UTF-8"):
        block_of(broken, "here")


@pytest.mark.parametrize("kind", [{}, [], 5, None])
def test_a_type_that_is_no_string_is_refused_by_its_place(kind: Any) -> None:
    with pytest.raises(UnsendableError, match="no parts of the type") as refused:
        block_of({"type": kind, "text": "Hi"}, "messages.0.content.0")
    assert refused.value.param == "messages.0.content.0"
