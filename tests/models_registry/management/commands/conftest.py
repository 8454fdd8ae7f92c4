from collections.abc import Iterator

import pytest
from django.core.cache import cache

from connections.models import Connection
from tests.support.upstream import ScriptedUpstream


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    cache.clear()
    with ScriptedUpstream(models=("gpt-4o", "o1")) as upstream:
        yield upstream
    cache.clear()


@pytest.fixture
def connection(upstream: ScriptedUpstream) -> Connection:
    return Connection.objects.create(name="one", base_url=upstream.url, auth_type="none")
