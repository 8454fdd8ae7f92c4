"""A stream whose beginning was read ahead, and is read again by the one who passes it on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator


class HeldChunks:
    """``begin``, which was read of ``rest`` before, then what is left of ``rest``.

    A loop that starts after ``begin`` was taken runs over ``rest`` itself and costs nothing more.
    """

    def __init__(self, begin: bytes, rest: AsyncGenerator[bytes]) -> None:
        self._begin = begin
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self if self._begin else self._rest

    async def __anext__(self) -> bytes:
        begin, self._begin = self._begin, b""
        return begin or await anext(self._rest)

    async def aclose(self) -> None:
        await self._rest.aclose()
