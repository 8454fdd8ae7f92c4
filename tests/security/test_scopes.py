"""What a key is for: enforced wherever it is used, and never beyond what its user may do."""

import json

import pytest

from tests.security.test_authentication import API_ROUTES, STAFF_ROUTES
from tests.support.api import client_of

# What one used oneself, whatever the key is for.
ANY_SCOPE = "usage"
pytestmark = pytest.mark.acceptance


def new_key(gateway, user, *options):
    made = gateway.manage("create_api_key", user, "--create-user", *options, "--json").stdout
    return json.loads(made)["key"]


@pytest.fixture(scope="module")
def inference_key(gateway, keys):
    return new_key(gateway, "root", "--scope", "inference")


@pytest.fixture(scope="module")
def admin_key(gateway, keys):
    return new_key(gateway, "root", "--scope", "admin")


@pytest.mark.parametrize("route", STAFF_ROUTES, ids=lambda route: route.path)
def test_a_key_of_staff_without_the_admin_scope_administers_nothing(gateway, inference_key, route):
    with client_of(gateway, inference_key) as client:
        for method in route.methods:
            answer = client.request(method, route.path, json={})
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "permission_denied"


@pytest.mark.parametrize(
    "route",
    [
        route
        for route in API_ROUTES
        if route not in STAFF_ROUTES and not route.path.endswith(ANY_SCOPE)
    ],
    ids=lambda route: route.path,
)
def test_a_key_without_the_inference_scope_calls_nothing(gateway, admin_key, upstream, route):
    upstream.requests.clear()
    with client_of(gateway, admin_key) as client:
        for method in route.methods:
            answer = client.request(method, route.path, json={"model": "open", "messages": []})
            assert answer.status_code == 403
    assert upstream.calls == []


def test_each_scope_opens_what_it_is_for(gateway, inference_key, admin_key):
    with client_of(gateway, inference_key) as client:
        assert client.get("/v1/models").status_code == 200
    with client_of(gateway, admin_key) as client:
        assert client.get("/openai/config").status_code == 200


def test_no_field_of_a_request_widens_a_key(gateway, inference_key):
    forged = {"scopes": ["admin"], "is_staff": True, "role": "admin", "user": "root"}
    headers = {"X-Scopes": "admin", "X-OpenWebUI-User-Role": "admin"}
    with client_of(gateway, inference_key) as client:
        answer = client.post("/openai/config/update", json=forged, headers=headers)
        assert answer.status_code == 403
        assert client.get("/openai/config", params=forged).status_code == 403
