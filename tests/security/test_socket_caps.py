"""WebSockets: no key can hold any number of them."""

from contextlib import ExitStack

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.support.processes import wait_until

pytestmark = pytest.mark.acceptance

MOST = 4


@pytest.fixture
def gateway(start_gateway):
    return start_gateway("sqlite+memory", GATEWAY_WS_MAX_SOCKETS_PER_KEY=str(MOST))


def opened(gateway, key):
    url = f"{gateway.url.replace('http', 'ws', 1)}/v1/chat/completions"
    return connect(url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None)


def is_refused(gateway, key):
    try:
        with opened(gateway, key):
            return False
    except InvalidStatus as exc:
        return (exc.response.status_code, b"rate_limit_exceeded" in exc.response.body) == (
            429,
            True,
        )


def test_a_key_has_so_many_open_and_another_is_not_in_its_way(gateway):
    alice, bob = gateway.api_key("alice"), gateway.api_key("bob")
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(opened(gateway, alice))
        assert is_refused(gateway, alice)
        assert not is_refused(gateway, bob)
    wait_until(lambda: not is_refused(gateway, alice), what="a place")
