from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from connections.calling.whole_body import whole_body
from connections.errors import MidStreamError


async def arriving(*parts: bytes) -> AsyncGenerator[bytes]:
    for part in parts:
        yield part


async def test_a_body_is_what_came_before_and_what_follows() -> None:
    assert await whole_body(arriving(), 0) == b""
    assert await whole_body(arriving(b"12", b"", b"3"), 3) == b"123"
    assert await whole_body(arriving(b"3"), 3, begin=b"12") == b"123"


async def test_nothing_is_read_behind_the_cap() -> None:
    chunks = arriving(b"12", b"34", b"56")
    with pytest.raises(MidStreamError, match="too large"):
        await whole_body(chunks, 3)
    assert await anext(chunks) == b"56"


async def test_what_came_before_counts() -> None:
    chunks = arriving(b"5")
    with pytest.raises(MidStreamError, match="too large"):
        await whole_body(chunks, 3, begin=b"1234")
    assert await anext(chunks) == b"5"
