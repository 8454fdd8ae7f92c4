"""Taking off a compression that nobody asked for, in small steps and up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Protocol

import httpx

STEP_BYTES = 64 * 1024
GZIP_FORMAT, ZLIB_FORMAT, RAW_FORMAT = 31, 15, -15  # what zlib calls wbits
ZLIB_METHOD = 8  # the low half of the first byte of zlib's header


class Decoder(Protocol):
    """One body's decompression. Both methods raise ``httpx.DecodingError``."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds, in pieces of at most ``STEP_BYTES``."""

    def finish(self) -> None:
        """Say that no more data comes."""


class ZlibDecoder:
    """gzip, of one member or several, and deflate, with or without zlib's header."""

    def __init__(self, encoding: str, *, limit_bytes: int) -> None:
        self._is_deflate = encoding == "deflate"
        self._remaining_bytes = limit_bytes
        self._stream: zlib._Decompress | None = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        has_more = bool(data)
        while has_more:
            stream = self._stream = self._stream or zlib.decompressobj(self._format(data))
            try:
                piece = stream.decompress(data, STEP_BYTES)
            except zlib.error as exc:
                raise httpx.DecodingError("The compressed answer is corrupt.") from exc
            self._remaining_bytes -= len(piece)
            if self._remaining_bytes < 0:
                raise httpx.DecodingError("The compressed answer is too large.")
            if piece:
                yield piece
            data = stream.unconsumed_tail
            # A piece of full size may have left output inside zlib, even when all input is used.
            has_more = bool(data) or len(piece) == STEP_BYTES
            if stream.eof:
                self._stream = None
                data = stream.unused_data
                has_more = bool(data)

    def finish(self) -> None:
        if self._stream is not None:
            raise httpx.DecodingError("The compressed answer is incomplete.")

    def _format(self, data: bytes) -> int:
        if not self._is_deflate:
            return GZIP_FORMAT
        return ZLIB_FORMAT if data[0] & 0x0F == ZLIB_METHOD else RAW_FORMAT


class UnsupportedDecoder:
    """Refuses the body, not the response: its status still counts."""

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def decode(self, data: bytes) -> Iterator[bytes]:
        raise httpx.DecodingError(f"Nobody asked for the content encoding {self._encoding!r}.")

    def finish(self) -> None:
        return


def decoder_for(encoding: str, *, limit_bytes: int) -> Decoder | None:
    """The decoder for a Content-Encoding, or None where there is nothing to decode."""
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip" | "deflate" as name:
            return ZlibDecoder(name, limit_bytes=limit_bytes)
        case name:
            return UnsupportedDecoder(name)
