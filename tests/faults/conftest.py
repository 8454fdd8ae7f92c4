"""One gateway with small limits, before one upstream that does whatever a test says."""

import pytest

from tests.faults.errors import SECRET
from tests.faults.ledger import Ledger
from tests.support.api import CHAT, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.processes import free_port
from tests.support.responders import complete_chat
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

# A rate limit is remembered for its model: each is for one request that meets one.
LIMITED = tuple(f"limited-{number}" for number in range(5))
MODELS = (*LIMITED, "gpt-4o", "claude", "second-chance", "hasty", "refused", "unresolved")
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
    key = gateway.configured_for(
        "alice",
        connections=[
            {"name": "scripted", "model_ids": ["gpt-4o", "second-chance", *LIMITED], **working},
            {
                "name": "anthropic",
                "provider": "anthropic",
                "model_ids": ["claude"],
                **working,
            },
            {"name": "hasty", "model_ids": ["hasty"], "timeout_seconds": 1, **working},
            {"name": "refusing", "model_ids": ["refused", "second-chance"], "base_url": nobody},
            {"name": "nameless", "model_ids": ["unresolved"], "base_url": unknown},
        ],
        grants=[{"models": ["*"], "everyone": True}],
    )
    with client_of(gateway, key) as client:
        wait_for_models(client, *MODELS)
    return key


@pytest.fixture
def upstream(shared_upstream):
    """The upstream, well again: the last rule of a test before is forgotten."""
    shared_upstream.on("POST", CHAT, complete_chat)
    return shared_upstream


@pytest.fixture
def client(gateway, key):
    with client_of(gateway, key) as client:
        yield client


@pytest.fixture
def ledger(gateway, key):
    """What the gateway writes down in this test, all of which the test has to ask for."""
    ledger = Ledger(gateway)
    yield ledger
    ledger.assert_no_more()
