"""Places for journals: a directory and the Redis of this run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.parts import Part
from usage.journal_link import KEY


@pytest.fixture
def journal_directory(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def redis_url(redis_server: Part, settings: Any) -> Iterator[str]:
    """The Redis database of this run, without a journal."""
    url: str = settings.REDIS_URL
    with redis.Redis.from_url(url) as client:
        client.delete(KEY)
        yield url
        client.delete(KEY)
