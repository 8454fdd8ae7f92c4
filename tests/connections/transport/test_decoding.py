from __future__ import annotations

import gzip
import zlib

import httpx
import pytest

from connections.transport.decoding import STEP_BYTES, decoder_for

TEXT = b'{"object":"list"}' * 10_000
RAW_DEFLATE = zlib.compress(TEXT)[2:-4]


def decode(encoding: str, data: bytes, *, step: int = 1000, limit: int = 10**9) -> bytes:
    decoder = decoder_for(encoding, limit_bytes=limit)
    assert decoder is not None
    pieces = [
        piece
        for start in range(0, len(data), step)
        for piece in decoder.decode(data[start : start + step])
    ]
    decoder.finish()
    assert all(0 < len(piece) <= STEP_BYTES for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize("step", [1, 7, 1_000_000])
@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("X-GZip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", RAW_DEFLATE),
    ],
    ids=["gzip", "its old name", "gzip in two parts", "deflate", "deflate without its frame"],
)
def test_each_format_is_decoded_however_it_is_cut(encoding, data, step):
    assert decode(encoding, data, step=step) == TEXT


@pytest.mark.parametrize("size", [STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 7 * STEP_BYTES + 100])
def test_nothing_is_left_inside_at_the_border_of_a_step(size):
    assert decode("gzip", gzip.compress(bytes(size)), step=10**6) == bytes(size)


def test_an_empty_body_is_no_error():
    assert decode("gzip", b"") == b""


@pytest.mark.parametrize(
    "data", [gzip.compress(TEXT)[:-1], gzip.compress(TEXT)[:5]], ids=["one byte less", "a header"]
)
def test_a_truncated_body_is_an_error(data):
    with pytest.raises(httpx.DecodingError, match="incomplete"):
        decode("gzip", data)


@pytest.mark.parametrize(
    "data", [b"{}", gzip.compress(TEXT) + b"garbage"], ids=["no gzip", "more than gzip"]
)
def test_a_corrupt_body_is_an_error(data):
    with pytest.raises(httpx.DecodingError, match="corrupt"):
        decode("gzip", data)


def test_the_limit_counts_decoded_bytes():
    packed = gzip.compress(TEXT)
    assert decode("gzip", packed, limit=len(TEXT)) == TEXT
    with pytest.raises(httpx.DecodingError, match="too large"):
        decode("gzip", packed, limit=len(TEXT) - 1)


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_other_encodings_are_refused_by_name(encoding):
    with pytest.raises(httpx.DecodingError, match=encoding):
        decode(encoding, b"x")


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_identity_needs_no_decoder(encoding):
    assert decoder_for(encoding, limit_bytes=1) is None
