"""The events of blocks, one after another."""

from __future__ import annotations

from tests.support.stream_events import parsed
from wire_formats.messages.answer_from_chat.block_events import BlockEvents

TEXT = {"type": "text", "text": ""}


def test_a_block_ends_where_the_next_begins() -> None:
    blocks = BlockEvents()
    seen = [*blocks.open(TEXT), blocks.delta({"type": "text_delta", "text": "Hi"})]
    assert blocks.kind == "text"
    seen += [*blocks.whole({"type": "redacted_thinking", "data": "x"}), *blocks.close()]
    assert blocks.kind == ""
    told = [(event["type"], event["index"]) for event in parsed(b"".join(seen))]
    assert told == [
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_stop", 1),
    ]


def test_nothing_is_closed_where_nothing_is_open() -> None:
    assert list(BlockEvents().close()) == []
