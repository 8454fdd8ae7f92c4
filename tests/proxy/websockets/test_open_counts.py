"""How many sockets may be open."""

from uuid import UUID

import pytest

from proxy.client_side.errors import ApiError
from proxy.websockets.open_counts import OpenCounts
from tests.support.builders import a_caller


@pytest.fixture
def counts(settings):
    settings.GATEWAY_WS_MAX_SOCKETS_PER_KEY = 2
    settings.GATEWAY_WS_MAX_SOCKETS = 3
    return OpenCounts()


def refused(counts, caller):
    with pytest.raises(ApiError) as caught:
        counts.enter(caller)
    assert (caught.value.status, caught.value.code) == (429, "rate_limit_exceeded")
    return True


def test_a_key_may_open_so_many(counts):
    _, owner = (counts.enter(a_caller()) for _ in range(2))
    assert refused(counts, a_caller())
    assert refused(counts, a_caller())  # a refusal counts for nothing
    counts.leave(owner)
    assert counts.enter(a_caller())


def test_all_keys_may_open_so_many(counts):
    owners = [counts.enter(a_caller(key_id=UUID(int=number))) for number in range(3)]
    assert refused(counts, a_caller(key_id=UUID(int=9)))
    counts.leave(owners[0])
    assert counts.enter(a_caller(key_id=UUID(int=9)))
