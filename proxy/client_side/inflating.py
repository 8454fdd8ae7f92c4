"""Taking a request body's compression off, in small steps and up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from http import HTTPStatus

from proxy.client_side.errors import AnsweredError, InvalidRequestError, PayloadTooLargeError

CODINGS = ("gzip", "deflate")
GZIP_FORMAT, ZLIB_FORMAT, RAW_FORMAT = 31, 15, -15  # zlib's wbits
ZLIB_METHOD = 8  # the low half of the first byte of zlib's header
STEP_BYTES = 256 * 1024
# Text shrinks to a tenth, and the same line over and over to a hundredth.
MOST_RATIO, RATIO_COUNTS_FROM_BYTES = 200, 2**20
# Each member begins anew, which takes time even if there is nothing in it. Usual ones hold 64 KB.
MOST_MEMBERS, BYTES_OF_ONE_MORE = 2000, 4096


class Inflater:
    """The decompression of one body: ``gzip``, of one member or several, or ``deflate``.

    ``deflate`` is taken with zlib's header and without it, as clients write both.
    """

    def __init__(self, coding: str) -> None:
        self._is_deflate = coding == "deflate"
        self._stream: zlib._Decompress | None = None
        self._taken_bytes = self.made_bytes = self._members = 0

    def add(self, data: bytes, limit: int) -> list[bytes]:
        """What ``data`` inflates to. Raises ``ApiError``, also beyond ``limit`` bytes in all."""
        self._taken_bytes += len(data)
        pieces = []
        for piece in self._pieces(data):
            self.made_bytes += len(piece)
            self._check(limit)
            pieces.append(piece)
        return pieces

    def finish(self) -> None:
        """There is no more data. Raises ``InvalidRequestError`` where there should be."""
        if self._stream is not None or not self._taken_bytes:
            raise InvalidRequestError("The compressed request body is incomplete.")

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        has_more = bool(data)
        while has_more:
            stream = self._stream = self._stream or zlib.decompressobj(self._format(data))
            try:
                piece = stream.decompress(data, STEP_BYTES)
            except zlib.error as exc:
                raise InvalidRequestError("The compressed request body is corrupt.") from exc
            if piece:
                yield piece
            data = stream.unconsumed_tail
            # A piece cut short by its limit may leave output inside zlib with no input left.
            has_more = bool(data) or len(piece) == STEP_BYTES
            if stream.eof:
                self._end_member()
                data = stream.unused_data
                has_more = bool(data)

    def _end_member(self) -> None:
        self._stream = None
        self._members += 1
        if self._members > MOST_MEMBERS + self.made_bytes // BYTES_OF_ONE_MORE:
            raise InvalidRequestError(
                "The compressed request body consists of too many parts. Compress it as a whole."
            )

    def _check(self, limit: int) -> None:
        if self.made_bytes > limit:
            raise PayloadTooLargeError(limit, advice="It counts as it is without compression.")
        if self.made_bytes > max(RATIO_COUNTS_FROM_BYTES, MOST_RATIO * self._taken_bytes):
            raise AnsweredError(
                f"The request body inflates to more than {MOST_RATIO} times its size. Send it "
                "without compression.",
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                kind="invalid_request_error",
                code="request_too_large",
            )

    def _format(self, data: bytes) -> int:
        if not self._is_deflate:
            return GZIP_FORMAT
        return ZLIB_FORMAT if data[0] & 0x0F == ZLIB_METHOD else RAW_FORMAT


def inflater_for(content_encoding: str) -> Inflater | None:
    """What takes off ``content_encoding``; None where there is nothing to take off.

    Raises ``ApiError`` for a coding that is not known, and for several at once.
    """
    match content_encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return Inflater("gzip")
        case "deflate":
            return Inflater("deflate")
        case other:
            raise AnsweredError(
                f"The content encoding `{other[:50]}` is not supported. Send the body as "
                "`gzip`, as `deflate` or without a `content-encoding`.",
                status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                kind="invalid_request_error",
                param="content-encoding",
                code="unsupported_content_encoding",
                headers={"accept-encoding": ", ".join(CODINGS)},
            )
