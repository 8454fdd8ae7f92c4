from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _without_redis(settings) -> None:
    """What is used is what the database says."""
    settings.REDIS_URL = ""
