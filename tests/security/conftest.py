"""One gateway for all these tests, before an upstream that records whatever reaches it."""

import json
from itertools import count

import pytest

from tests.security.canaries import HEADER_SECRET, UPSTREAM_KEY
from tests.security.house import built
from tests.support.api import CHAT, client_of, wait_for_models
from tests.support.live import ADMIN_OPTIONS, live_gateway
from tests.support.responders import complete_chat
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

# A limit is remembered for its model, so each request that meets one has a model of its own.
LIMITED = [f"limited-{number}" for number in range(300)]


@pytest.fixture(scope="package")
def shared_upstream():
    with ScriptedUpstream(models=("open", "secret")) as upstream:
        yield upstream


@pytest.fixture(scope="package")
def gateway(stores, tmp_path_factory):
    with live_gateway(stores, BACKINGS[0], tmp_path_factory.mktemp("security")) as gateway:
        yield gateway


@pytest.fixture(scope="package")
def keys(gateway, shared_upstream):
    """The keys of ``alice``, who may use ``open`` alone, and of ``root``, a superuser.

    ``narrowed`` is another one of root's, that opens ``open`` alone. ``carol`` may use ``open`` and
    the models of :func:`limited_model`. A limit is waited for if it ends within
    a second.
    """
    configuration = gateway.import_of(
        connections=[
            {"name": "scripted", "base_url": shared_upstream.url, "keys": [UPSTREAM_KEY]},
            {
                "name": "lab",
                "base_url": shared_upstream.url,
                "keys": [UPSTREAM_KEY],
                "prefix_id": "lab",
                "headers": {"X-Secret-Token": HEADER_SECRET},
            },
            {
                "name": "limited",
                "base_url": shared_upstream.url,
                "keys": [UPSTREAM_KEY],
                "model_ids": LIMITED,
            },
        ],
        policies=[{"name": "impatient", "default": True, "patience_seconds": 1}],
        models=[{"connection": "lab", "model": "secret", "alias": "nickname"}],
        grants=[
            {"models": ["open"], "everyone": True},
            {"models": ["limited-*"], "users": ["carol"]},
        ],
    )
    *made, _ = gateway.manage_all(
        ("create_api_key", "alice", "--create-user", "--json"),
        ("create_api_key", "root", "--create-user", *ADMIN_OPTIONS, "--json"),
        ("create_api_key", "root", "--model", "open", "--json"),
        ("create_api_key", "carol", "--create-user", "--json"),
        configuration,
    )
    secrets = [json.loads(output)["key"] for output in made]
    keys = dict(zip(("alice", "root", "narrowed", "carol"), secrets, strict=True))
    with client_of(gateway, keys["root"]) as root:
        wait_for_models(root, "open", "secret", "lab.open", "nickname", *LIMITED)
    return keys


@pytest.fixture
def upstream(shared_upstream, keys):
    """The upstream, with the last rule of a test before forgotten."""
    shared_upstream.on("POST", CHAT, complete_chat)
    return shared_upstream


@pytest.fixture
def alice(gateway, keys):
    with client_of(gateway, keys["alice"]) as client:
        yield client


@pytest.fixture
def carol(gateway, keys):
    with client_of(gateway, keys["carol"]) as client:
        yield client


@pytest.fixture(scope="package")
def limited_model():
    """``limited_model()``: a model without a limit so far, for a request that meets one."""
    numbers = count()
    return lambda: LIMITED[next(numbers)]


@pytest.fixture
def root(gateway, keys):
    with client_of(gateway, keys["root"]) as client:
        yield client


@pytest.fixture
def nobody(gateway, keys):
    with client_of(gateway) as client:
        yield client


@pytest.fixture(scope="package")
def shared_house(stores, tmp_path_factory):
    with built(stores, tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(shared_house):
    """The house, with nothing heard yet on its sockets. What its upstream is told is forgotten."""
    for upstream in shared_house.sockets:
        upstream.forget()
    with shared_house.http.as_it_was():
        yield shared_house


@pytest.fixture
def unheard(house):
    """Nothing reaches an upstream while the test runs."""
    before = house.seen
    yield
    assert house.seen == before
