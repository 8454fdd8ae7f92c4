"""Fixtures for tests of limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import parts
from tests.support.parts import Part
from tests.support.redis_server import RedisServer, bundled_executable


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may kill."""
    bundled = bundled_executable()
    found = bundled and Part(name="Redis", version="bundled", address=str(bundled))
    part = parts.require("Redis", found or parts.program("redis-server"))
    server = RedisServer(part.address)
    server.start()
    yield server
    server.close()
