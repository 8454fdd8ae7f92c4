"""The objects of a stream, however its bytes arrive."""

import pytest

from wire_formats.errors import EventTooLongError, UnreadableAnswerError
from wire_formats.object_stream import LineSplitter, ObjectReader, Wire

OBJECTS = [{"a": 1}, {"b": "\u2028"}]
SSE = 'event: x\ndata: {"a":1}\n\n: hi\n\ndata: {"b":"\u2028"}\n\ndata: [DONE]\n\n'.encode()
LINES = '{"a":1}\n\n{"b":"\u2028"}\n'.encode()

both_wires = pytest.mark.parametrize(("wire", "stream"), [(Wire.SSE, SSE), (Wire.NDJSON, LINES)])


def read(wire, *parts, limit=1000):
    reader = ObjectReader(wire, limit)
    return [*(found for part in parts for found in reader.feed(part)), *reader.flush()]


@both_wires
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_objects_are_read_however_they_are_cut(wire, stream, size):
    parts = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert read(wire, *parts) == OBJECTS


@both_wires
def test_the_last_one_needs_no_end(wire, stream):
    without_done = stream.removesuffix(b"data: [DONE]\n\n")
    assert read(wire, without_done.rstrip(b"\n")) == OBJECTS


@both_wires
def test_one_that_is_cut_short_is_left_out(wire, stream):
    without_done = stream.removesuffix(b"data: [DONE]\n\n")
    assert read(wire, without_done.rstrip(b"\n")[:-1]) == OBJECTS[:1]


@both_wires
def test_one_that_does_not_end_is_given_up(wire, stream):
    with pytest.raises(EventTooLongError):
        read(wire, stream[:-20] + b"x" * 1000, limit=900)


@pytest.mark.parametrize(
    ("wire", "stream"),
    [
        (Wire.SSE, b"<html>\n\n"),
        (Wire.SSE, b"data: <html>\n\n"),
        (Wire.SSE, b"data: []\n\n"),
        (Wire.NDJSON, b"<html>\n"),
        (Wire.NDJSON, b"[]\n"),
    ],
)
def test_what_holds_no_objects_is_the_upstreams_fault(wire, stream):
    with pytest.raises(UnreadableAnswerError):
        read(wire, stream)


def test_lines_are_given_once_they_are_whole():
    splitter = LineSplitter(10)
    assert [splitter.feed(part) for part in (b"a", b"b\nc", b"\n\nd")] == [b"", b"ab", b"c\n"]
    assert splitter.flush() == b"d"


def test_a_limit_holds_for_each_line():
    splitter = LineSplitter(4)
    assert splitter.feed(b"abc\nabc\nabcd") == b"abc\nabc"
    with pytest.raises(EventTooLongError):
        splitter.feed(b"e")
