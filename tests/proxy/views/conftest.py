"""The API in process, with one connection to an upstream that records what it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from accounts.models import ApiKey, User
from connections.models import Connection
from models_registry.models import ModelGrant
from proxy.client_side.handler import ApiHandler
from tests.support.in_process import RecordingUpstream, in_process, post


@pytest.fixture
def upstream() -> RecordingUpstream:
    return RecordingUpstream({"id": "1", "data": []})


@pytest.fixture
def connection(transactional_db) -> Connection:
    """Serves what the tests of the views ask for; everyone may use what is not called secret."""
    ModelGrant.objects.create(pattern="m*", everyone=True)
    ModelGrant.objects.create(pattern="gpt-*", everyone=True)
    return Connection.objects.create(
        name="one",
        base_url="https://one.example/v1",
        auth_type="none",
        model_ids=["m", "gpt-image-2", "secret"],
    )


@pytest.fixture
def key(transactional_db) -> str:
    return ApiKey.objects.issue(User.objects.create(username="ada"))[1]


@pytest.fixture
async def api(connection, upstream) -> AsyncIterator[ApiHandler]:
    async with in_process(upstream) as api:
        yield api


@pytest.fixture
def ask(api, key) -> Any:
    """``await ask(path, body, **headers)``: the answer to a POST with a key."""

    async def asked(path: str, body: Any, **headers: str) -> Any:
        return await post(api, key, path, body, **headers)

    return asked
