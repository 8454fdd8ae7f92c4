"""Names and ids that Anthropic takes."""

from __future__ import annotations

import pytest

from wire_formats.messages.request_from_chat.alphabet import own_id, own_name


@pytest.mark.parametrize("id_", ["functions.get:0", "a" * 469, "x=y", ""])
def test_an_id_has_at_most_64_characters(id_: str) -> None:
    assert 0 < len(own_id(id_)) <= 64
    assert own_id("toolu_1") == "toolu_1"


@pytest.mark.parametrize("name", ["a.b", "größe", "n" * 129])
def test_a_name_has_at_most_128(name: str) -> None:
    assert 0 < len(own_name(name)) <= 128
    assert own_name("n" * 128) == "n" * 128
