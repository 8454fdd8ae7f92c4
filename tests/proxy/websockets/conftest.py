"""A gateway before a scriptable upstream, and the key of someone who may use ``gpt-4o``."""

import pytest

from tests.support.api import CHAT, client_of, listed
from tests.support.live import live_gateway
from tests.support.processes import wait_until
from tests.support.responders import complete_chat
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

UPSTREAM_KEY = "sk-upstream-canary-77aa"
LIMITS = {
    "GATEWAY_WS_MAX_MESSAGE_BYTES": "100000",
    "GATEWAY_WS_MAX_REQUESTS": "3",
    "GATEWAY_WS_PROXIED_MESSAGES_PER_SECOND": "8",
    "GATEWAY_WRITE_TIMEOUT": "1",
}


@pytest.fixture(scope="package")
def shared_upstream():
    with ScriptedUpstream(models=("gpt-4o", "hidden")) as upstream:
        yield upstream


@pytest.fixture(scope="package")
def gateway(stores, tmp_path_factory):
    directory = tmp_path_factory.mktemp("sockets")
    with live_gateway(stores, BACKINGS[0], directory, **LIMITS) as gateway:
        yield gateway


@pytest.fixture(scope="package")
def key(gateway, shared_upstream):
    gateway.configure(
        connections=[{"name": "scripted", "base_url": shared_upstream.url, "keys": [UPSTREAM_KEY]}],
        grants=[{"models": ["gpt-4o"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_until(lambda: "gpt-4o" in listed(client), what="the model")  # others may be there
    return key


@pytest.fixture
def upstream(shared_upstream):
    """The upstream, well again: the last rule of a test before is forgotten."""
    shared_upstream.on("POST", CHAT, complete_chat)
    return shared_upstream
