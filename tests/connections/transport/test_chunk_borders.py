"""What the parser is spared it does not miss: held against the parser itself."""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import Mock

import pytest
from aiohttp.http import HttpResponseParser
from aiohttp.http_exceptions import HttpProcessingError
from hypothesis import example, given
from hypothesis import strategies as st

from connections.transport.chunk_borders import ChunkBorders

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


class Answer:
    """What aiohttp's parser makes of a response, and whether it was garbled."""

    def __init__(self) -> None:
        self.body = b""
        self.is_garbled = False
        self._content = None
        self._parser = HttpResponseParser(Mock(), Mock(), 2**16)

    def feed(self, data: bytes) -> None:
        if self.is_garbled:
            return
        try:
            messages, _, _ = self._parser.feed_data(data)
        except HttpProcessingError:
            self.is_garbled = True
            return
        for _, content in messages:
            self._content = content
        if self._content is not None:
            self.body += self._content.read_nowait()

    @property
    def is_whole(self) -> bool:
        return self._content is not None and self._content.is_eof()


def parsed(parts: Sequence[bytes]) -> Answer:
    answer = Answer()
    for part in parts:
        answer.feed(part)
    return answer


def parsed_in_part(parts: Sequence[bytes]) -> Answer:
    """The same where the parser is spared what may be spared."""
    answer, borders = Answer(), ChunkBorders()
    for part in parts:
        if chunk := borders.only_chunk(part):
            answer.body += chunk
        else:
            borders.follow(part)
            answer.feed(part)
    return answer


def assert_alike(parts: Sequence[bytes]) -> None:
    expected, got = parsed(parts), parsed_in_part(parts)
    assert got.body == expected.body
    assert got.is_whole == expected.is_whole
    assert got.is_garbled == expected.is_garbled


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


contents = st.lists(
    st.binary(min_size=1, max_size=40)
    | st.sampled_from([chunk(b"x"), b"\r\n", b"1\r\n", b"x\r\n1", END, chunk(b"x") + END]),
    max_size=6,
)
# Whatever a careless or a hostile upstream may put between the chunks.
oddities = st.sampled_from(
    [b"5;name=value\r\nhello\r\n", b"5\nhello\r\n", b"5\r\nhello\n", b"5 \r\nhello\r\n", b"005\r\n",
     b"0x5\r\nhello\r\n", b"+5\r\nhello\r\n", b"1_0\r\n", b"\r\n", b"\n", b"5\r\nhello", b"5\r\n",
     b"HTTP/1.1 200 OK\r\n\r\n", END]
)  # fmt: skip


@st.composite
def cut(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    at = sorted(draw(st.sets(st.integers(0, len(whole)), max_size=8)))
    return [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]


@given(st.data(), contents)
def test_wherever_a_body_is_cut_nothing_is_missed(data, contents) -> None:
    whole = HEAD + b"".join(map(chunk, contents)) + END
    parts = data.draw(cut(whole))
    assert parsed_in_part(parts).body == b"".join(contents)
    assert_alike(parts)


@given(st.lists(oddities | contents.map(lambda many: b"".join(map(chunk, many))), max_size=6))
@example([b"5\r\nhello\n", b"5\r\n", chunk(b"x"), END])
@example([b"5\r\nhello\n15\r\naaaaa\r\n", chunk(b"x"), chunk(b"x")])
def test_what_is_unusual_is_the_parsers(parts) -> None:
    assert_alike([HEAD, *parts])


@given(st.data(), st.lists(oddities | contents.map(lambda many: b"".join(map(chunk, many)))))
def test_what_is_unusual_is_the_parsers_wherever_it_is_cut(data, parts) -> None:
    assert_alike(data.draw(cut(HEAD + b"".join(parts))))


def test_chunks_one_by_one_are_spared() -> None:
    borders = ChunkBorders()
    borders.follow(HEAD)
    assert [borders.only_chunk(chunk(b"a" * size)) for size in (1, 15, 300)] == [
        b"a", b"a" * 15, b"a" * 300
    ]  # fmt: skip
    assert borders.only_chunk(END) == b""


@pytest.mark.parametrize(
    "before",
    [
        [HEAD + chunk(b"hello")],
        [HEAD, b"5\r\nhe", b"llo\r\n"],
        [HEAD + chunk(b"hello") + b"5\r\nh", b"ello\r\n"],
    ],
)
def test_the_border_is_known_behind_chunks_that_came_in_parts(before) -> None:
    borders = ChunkBorders()
    for part in before:
        borders.follow(part)
    assert borders.only_chunk(chunk(b"x")) == b"x"


@pytest.mark.parametrize(
    "before",
    [
        [],
        [HEAD[:-1]],
        [HEAD[:9], HEAD[9:]],
        [HEAD + b"5\r\nhel"],
        [HEAD + b"5\r\nhello\r", b"\n"],
        [HEAD + b"5\r\nhello\n"],
        [HEAD + b"5;name=value\r\nhello\r\n"],
        [HEAD + END],
        [HEAD, b"HTTP/1.1 200 OK\r\n\r\n"],
    ],
)
def test_a_border_that_is_not_known_is_none(before) -> None:
    borders = ChunkBorders()
    for part in before:
        borders.follow(part)
    assert borders.only_chunk(chunk(b"x")) == b""
