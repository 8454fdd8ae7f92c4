"""What somebody writes into Redis runs nothing here, and breaks nothing."""

import json
import os
import pickle

import pytest
import redis

from tests.security.signing_in import browser, sign_in
from tests.support import parts
from tests.support.live import live_gateway
from tests.support.stores import BACKINGS

pytestmark = pytest.mark.acceptance

OF_TESTS = b"gatehouse-test-owner"


class Command:
    """Runs ``command`` where it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.fixture(scope="module")
def gateway(services, stores, tmp_path_factory):
    parts.require("Redis", services.redis)
    parts.require("PostgreSQL", services.postgres)
    directory = tmp_path_factory.mktemp("cache")
    environment = {"GATEWAY_REQUIRE_STAFF_MFA": "false"}
    with live_gateway(stores, BACKINGS[1], directory, **environment) as gateway:
        yield gateway


@pytest.fixture
def store(gateway):
    with redis.Redis.from_url(gateway.environment["REDIS_URL"]) as store:
        yield store


def keys_of_a_sign_in(gateway, store):
    """The entries that a failed sign-in leaves in the cache."""
    for key in store.scan_iter("gatehouse:1:*"):
        store.delete(key)
    with browser(gateway) as client:
        assert sign_in(client, "mallory", "wrong").status_code == 200
    keys = list(store.scan_iter("gatehouse:1:*"))
    assert keys
    return keys


def poisons(marker):
    command = Command(f"touch {marker}")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        yield pickle.dumps(command, protocol)
    yield pickle.dumps([1.0])  # as version 0.1 left it
    yield from (json.dumps(value).encode() for value in ({"a": 1}, "x", None, [[]], ["x"], 1e400))
    yield from (b"", b"12", b"-1", b"{", b"\xff" * 40, b"\x00" * 32 + b"[]", b"x" * 100_000)


def test_a_poisoned_entry_is_a_miss(gateway, store, tmp_path):
    marker = tmp_path / "was-run"
    for poison in poisons(marker):
        for key in keys_of_a_sign_in(gateway, store):
            store.set(key, poison)
        with browser(gateway) as client:
            assert sign_in(client, "mallory", "wrong").status_code == 200, poison[:60]
        assert not marker.exists(), poison
    assert "Traceback" not in gateway.log


def test_an_entry_of_another_type_is_a_miss(gateway, store):
    for key in keys_of_a_sign_in(gateway, store):
        store.delete(key)
        store.lpush(key, b"x")
    with browser(gateway) as client:
        assert sign_in(client, "mallory", "wrong").status_code == 200
    assert "Traceback" not in gateway.log


# What reading other bytes as a pickle may come to; a signature is any bytes at all.
NO_PICKLE = (
    pickle.UnpicklingError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
)


def test_no_entry_of_a_gateway_is_a_pickle(gateway, store):
    keys_of_a_sign_in(gateway, store)
    for key in store.scan_iter():
        if store.type(key) == b"string" and key != OF_TESTS:
            with pytest.raises(NO_PICKLE):
                pickle.loads(store.get(key))


def test_the_search_of_the_admin_is_kept_and_found_again(gateway, store):
    """Its results are objects, which pickle kept as they were."""
    gateway.manage("create_api_key", "root", "--create-user", "--staff")
    script = (
        "from accounts.models import User; u = User.objects.get(username='root');"
        "u.is_superuser = True; u.set_password('root-pass-1'); u.save()"
    )
    gateway.manage("shell", "--command", script)
    with browser(gateway) as client:
        assert sign_in(client, "root", "root-pass-1").status_code == 302
        first, second = (client.get("/admin/search/?s=key") for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert "API keys" in first.text
    assert "API keys" in second.text
