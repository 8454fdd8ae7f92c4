"""The body of a request, as aiohttp takes it."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import httpx

SLICE_BYTES = 64 * 1024

Headers = list[tuple[str, str]]


def headers_and_data(request: httpx.Request) -> tuple[Headers, bytes | AsyncIterable[bytes] | None]:
    """The headers as they are, and the body in a form that does not block the event loop."""
    headers = [(name.decode(), value.decode()) for name, value in request.headers.raw]
    stream = request.stream
    if isinstance(stream, httpx.ByteStream):
        content = request.read()
        return headers, _in_slices(content) if len(content) > SLICE_BYTES else content or None
    if not isinstance(stream, httpx.AsyncByteStream):
        raise httpx.UnsupportedProtocol("The body cannot be sent asynchronously.")
    framing = "transfer-encoding"  # aiohttp sets it itself, and refuses to see it twice
    return [field for field in headers if field[0].lower() != framing], stream


async def _in_slices(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), SLICE_BYTES):
        yield content[start : start + SLICE_BYTES]
