"""One gateway with small limits, before one upstream that does whatever a test says."""

import pytest

from tests.support.api import CHAT, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.processes import free_port
from tests.support.responders import complete_chat
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

SECRET = "sk-upstream-canary-4f1d"
LIMITS = {
    "GATEWAY_MAX_SSE_LINE_BYTES": str(64 * 1024),
    "GATEWAY_MAX_RESPONSE_BYTES": str(2**20),
    "GATEWAY_STREAM_IDLE_TIMEOUT": "1",
    "GATEWAY_WRITE_TIMEOUT": "1",
}


@pytest.fixture(scope="package")
def shared_upstream():
    with ScriptedUpstream() as upstream:
        yield upstream


@pytest.fixture(scope="package")
def gateway(stores, tmp_path_factory):
    with live_gateway(stores, BACKINGS[0], tmp_path_factory.mktemp("faults"), **LIMITS) as gateway:
        yield gateway


@pytest.fixture(scope="package")
def key(gateway, shared_upstream):
    """Its owner may use ``gpt-4o``, and models named after what ails their first connection."""
    nobody = f"http://127.0.0.1:{free_port()}/v1"
    unknown = "http://no-such-host.invalid/v1"
    working = {"base_url": shared_upstream.url, "keys": [SECRET], "priority": 20}
    gateway.configure(
        connections=[
            {"name": "scripted", "model_ids": ["gpt-4o", "second-chance"], **working},
            {"name": "hasty", "model_ids": ["hasty"], "timeout_seconds": 1, **working},
            {"name": "refusing", "model_ids": ["refused", "second-chance"], "base_url": nobody},
            {"name": "nameless", "model_ids": ["unresolved"], "base_url": unknown},
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    key = gateway.api_key("alice")
    with client_of(gateway, key) as client:
        wait_for_models(client, "gpt-4o", "second-chance", "hasty", "refused", "unresolved")
    return key


@pytest.fixture
def upstream(shared_upstream):
    """The upstream, well again: the last rule of a test before is forgotten."""
    shared_upstream.on("POST", CHAT, complete_chat)
    return shared_upstream


@pytest.fixture
def client(gateway, key):
    with client_of(gateway, key, timeout=15) as client:
        yield client
