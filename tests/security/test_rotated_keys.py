"""The secrets that a rotation leaves behind: known by their hints, and ended one by one."""

import json

import pytest

from accounts import keys as key_format
from tests.support.api import client_of
from tests.support.processes import wait_until

pytestmark = pytest.mark.acceptance


@pytest.fixture
def secrets(gateway, keys):
    """Three secrets of one key, the present one last, and the id of the key."""
    made = json.loads(gateway.manage("create_api_key", "rae", "--create-user", "--json").stdout)
    rotate = ("rotate_api_key", made["id"], "--json")
    later = [json.loads(output)["key"] for output in gateway.manage_all(rotate, rotate)]
    return [made["key"], *later], made["id"]


def is_known(gateway, key):
    with client_of(gateway, key) as client:
        return client.get("/v1/models").status_code == 200


def listed_hints(gateway, key_id):
    rows = json.loads(gateway.manage("list_api_keys", "--json").stdout)["keys"]
    (row,) = (row for row in rows if row["id"] == key_id)
    return [row["hint"], *(each["hint"] for each in row["earlier_secrets"])]


def test_every_secret_that_works_is_listed(gateway, secrets):
    (first, second, present), key_id = secrets
    assert all(is_known(gateway, key) for key in (first, second, present))
    hints = [key_format.hint(key) for key in (present, first, second)]
    assert listed_hints(gateway, key_id) == hints
    assert set(hints) <= set(gateway.manage("list_api_keys").stdout.split())


def test_an_earlier_secret_is_ended_alone_and_at_once(gateway, secrets):
    (first, second, present), key_id = secrets
    assert all(is_known(gateway, key) for key in (first, second, present))  # and remembered

    gateway.manage("revoke_api_key", key_format.hint(first))

    wait_until(lambda: not is_known(gateway, first), what="the end of the secret")
    assert is_known(gateway, second)
    assert is_known(gateway, present)
    assert key_format.hint(first) not in listed_hints(gateway, key_id)


def test_the_present_hint_ends_all_of_them(gateway, secrets):
    every, _ = secrets
    assert all(is_known(gateway, key) for key in every)

    gateway.manage("revoke_api_key", key_format.hint(every[-1]))

    for key in every:
        wait_until(lambda key=key: not is_known(gateway, key), what="the revocation")
