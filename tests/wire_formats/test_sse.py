"""Bytes in, bytes out: no event is torn, lost or changed, however the network cuts them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire_formats.errors import EventTooLongError
from wire_formats.sse import (
    EventSplitter,
    data_of,
    has_half_event,
    is_event_stream,
    is_half,
    split_events,
)

LIMIT = 2**20
# Python's str.splitlines breaks lines at each of these; an event stream does not.
FALSE_LINE_ENDS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"
texts = st.text(alphabet=st.sampled_from('ab :{}"\\' + FALSE_LINE_ENDS), max_size=12)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def events(draw: st.DrawFn) -> bytes:
    fields = draw(st.lists(st.tuples(st.sampled_from(["data: ", "id:", ": "]), texts), min_size=1))
    end = draw(line_ends)
    return ("".join(field + text + end for field, text in fields) + end).encode()


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    borders = draw(st.lists(st.integers(0, len(whole)), max_size=12))
    return [whole[a:b] for a, b in pairwise([0, *sorted(borders), len(whole)])]


@given(st.lists(events(), max_size=6), st.data())
def test_a_stream_comes_out_as_it_went_in(stream: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(stream)
    splitter = EventSplitter(LIMIT)
    blocks = [splitter.feed(chunk) for chunk in data.draw(cut(whole))]
    assert b"".join(blocks) + splitter.flush() == whole


@given(st.lists(events(), max_size=6), st.data())
def test_every_block_ends_where_an_event_ends(stream: list[bytes], data: st.DataObject) -> None:
    splitter = EventSplitter(LIMIT)
    for chunk in data.draw(cut(b"".join(stream))):
        block = splitter.feed(chunk)
        assert block == b"" or block.endswith((b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r"))


@given(st.binary(max_size=60), st.data())
def test_any_bytes_come_out_as_they_went_in(whole: bytes, data: st.DataObject) -> None:
    splitter = EventSplitter(LIMIT)
    blocks = [splitter.feed(chunk) for chunk in data.draw(cut(whole))]
    assert b"".join(blocks) + splitter.flush() == whole


@given(st.lists(events(), max_size=6))
def test_splitting_gives_each_event_once(stream: list[bytes]) -> None:
    assert split_events(b"".join(stream)) == stream


@given(texts, line_ends)
def test_data_is_what_was_sent(text: str, end: str) -> None:
    assert data_of(f"data: {text}{end}{end}".encode()) == text.encode()


def test_an_event_is_handed_on_as_soon_as_it_is_whole() -> None:
    splitter = EventSplitter(LIMIT)
    assert splitter.feed(b"data: 1\r\n") == b""
    assert splitter.feed(b"\r\ndata: 2") == b"data: 1\r\n\r\n"


def test_an_event_within_the_limit_passes() -> None:
    splitter = EventSplitter(limit=10)
    assert splitter.feed(b"data: 1234") == b""
    assert splitter.feed(b"\n\n") == b"data: 1234\n\n"


@pytest.mark.parametrize("size", [1, 3, 11])
def test_an_event_over_the_limit_is_refused(size: int) -> None:
    whole = b"data: 12345"
    chunks = [whole[start : start + size] for start in range(0, len(whole), size)]
    with pytest.raises(EventTooLongError):
        list(map(EventSplitter(limit=10).feed, chunks))


def test_the_limit_counts_each_event_by_itself() -> None:
    splitter = EventSplitter(limit=10)
    assert b"".join(splitter.feed(b"data: 1\n\ndata") + splitter.feed(b": 2") for _ in range(9))


def test_a_long_event_in_small_chunks_costs_linear_time() -> None:
    splitter = EventSplitter(limit=2**23)
    started = time.process_time()
    for _ in range(2**23 // 64):
        splitter.feed(b"x" * 64)
    assert time.process_time() - started < 5


def test_lines_of_data_are_joined() -> None:
    assert data_of(b"event: a\ndata: 1\r\ndata:2\rdata:  3\n\n") == b"1\n2\n 3"


@pytest.mark.parametrize("block", [b"<html>\n\n", b'{"error": 1}\n\n', b"data: 1\nHTTP/1.1\n\n"])
def test_other_lines_are_no_event_stream(block: bytes) -> None:
    assert not is_event_stream(block)


def test_comments_and_fields_are_an_event_stream() -> None:
    assert is_event_stream(b": hi\nevent: a\r\nid: 1\rretry: 5\ndata: x\n\n")


@pytest.mark.parametrize(
    ("event", "is_it"),
    [
        (b'data: {"choices": [{"del\n\n', True),
        (b'data: {"choices": []}\n\n', False),
        (b'data: {\ndata: "a": 1}\n\n', False),
        (b'data: [{"error": {}}]\n\n', False),
        (b"data: [DONE]\n\n", False),
        (b": a comment\n\n", False),
        (b"event: ping\n\n", False),
    ],
)
def test_half_an_event_is_told_from_a_whole_one(event, is_it):
    whole = b'data: {"a": 1}\n\n'
    assert is_half(event) == is_it
    assert has_half_event(whole + event + whole) or not is_it
    assert not has_half_event(whole + whole)
