"""A body that is read to its end, up to a cap."""

from __future__ import annotations

from collections.abc import AsyncIterator

from connections.errors import TooLargeError


async def whole_body(chunks: AsyncIterator[bytes], limit: int, *, begin: bytes = b"") -> bytes:
    """``begin``, which was read before, and all that follows it.

    Raises ``TooLargeError`` as soon as that is more than ``limit`` bytes.
    """
    parts = [begin] if begin else []
    size = len(begin)
    while size <= limit:
        chunk = await anext(chunks, None)
        if chunk is None:
            return b"".join(parts)
        parts.append(chunk)
        size += len(chunk)
    raise TooLargeError
