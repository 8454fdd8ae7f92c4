"""Counting tokens where Anthropic does it."""

from __future__ import annotations

import pytest

from connections.models import Connection
from resilience.outcomes import Kind
from resilience.states import states

pytestmark = pytest.mark.django_db(transaction=True)

BODY = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def connection(connection: Connection) -> Connection:
    connection.provider = "anthropic"
    connection.save()
    return connection


async def test_a_limit_of_messages_is_none_of_counting(ask, upstream, connection) -> None:
    upstream.answer = {"input_tokens": 14}
    states.of((connection.id, "m")).cool(60, Kind.RATE_LIMITED)
    assert (await ask("/v1/messages", BODY)).status == 503
    counted = await ask("/v1/messages/count_tokens", BODY)
    assert (counted.status, counted.json) == (200, {"input_tokens": 14})
