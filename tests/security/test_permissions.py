"""What an administrative endpoint asks of a person: the same over the API as in the admin."""

import re

import pytest
from websockets.exceptions import InvalidStatus

from accounts.administration import (
    END_REQUEST,
    METRICS,
    NEEDS,
    PAGES_OF_ROWS,
    USAGE_OF_OTHERS,
    WATCH_LIVE,
)
from gateway_project.metrics import METRICS_PATH
from portal.api.own import KeyView
from proxy.client_side.permissions import MayAdminister, MayInfer
from proxy.routes_ws import BASE, websocket_routes
from proxy.views.usage import UsageView
from proxy.workers.live.page import LIVE_SOCKET
from tests.security.people import for_needs, having, make_staff
from tests.security.routes import routes_of
from tests.support.api import CHAT, chat_body, client_of
from tests.support.environment import ROOT
from tests.support.processes import wait_until
from tests.support.responders import complete_chat
from tests.support.sockets import heard, open_socket, say
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

API_ROUTES = routes_of("gateway_project.api_urls")
USAGE_ROUTES = [route for route in API_ROUTES if route.view.view_class is UsageView]
OVER_THE_API = [endpoint for endpoint in NEEDS if "/admin/" not in endpoint]
POWERLESS = "powerless"
PEOPLE = {POWERLESS: having()} | {
    name: wanted for needs in NEEDS.values() for name, wanted in for_needs(needs).items()
}
REFUSED = {401, 403}


@pytest.fixture(scope="module")
def staff(gateway, keys):
    return make_staff(gateway, PEOPLE)


def asked(endpoint):
    """How to ask for ``endpoint``: pairs of method and path, on each surface."""
    if endpoint == METRICS:
        return [("get", METRICS)]
    if endpoint == USAGE_OF_OTHERS:
        users = ("all", "root", "nobody-of-that-name", "")
        return [("get", f"{r.path}?user={user}") for r in USAGE_ROUTES for user in users]
    (route,) = (route for route in API_ROUTES if route.pattern == endpoint)
    return [(method, route.path) for method in route.methods]


def statuses(gateway, key, endpoint):
    with client_of(gateway, key) as client:
        return {client.request(how, path, json={}).status_code for how, path in asked(endpoint)}


def test_every_route_of_the_api_is_in_the_table_or_for_everybody():
    for route in API_ROUTES:
        permissions = tuple(route.view.view_class.permission_classes)
        if permissions == (MayAdminister,):
            assert route.view.view_class.administers == route.pattern
            assert NEEDS[route.pattern]
        else:
            is_for_owners = permissions == () and route in USAGE_ROUTES
            asks_for_keys = issubclass(route.view.view_class, KeyView)  # by itself, in each method
            assert permissions == (MayInfer,) or is_for_owners or asks_for_keys, route.pattern


def test_every_line_of_the_table_is_a_route():
    routes = {route.pattern for route in (*API_ROUTES, *routes_of("gateway_project.urls"))}
    elsewhere = {METRICS, USAGE_OF_OTHERS, WATCH_LIVE, END_REQUEST}
    assert set(NEEDS) - elsewhere <= routes
    assert (METRICS_PATH, f"ws /{LIVE_SOCKET}") == (METRICS, WATCH_LIVE)
    assert "/v1/usage" in {route.path for route in USAGE_ROUTES}


def test_every_socket_is_of_the_api_or_in_the_table():
    patterns = [route.pattern.regex.pattern for route in websocket_routes(None)]
    others = [pattern for pattern in patterns if not pattern.startswith(BASE)]
    assert others == [f"^{LIVE_SOCKET}$", ""]  # the last one refuses


def test_the_published_table_is_the_one_in_force():
    section = (ROOT / "SECURITY.md").read_text().split("## Endpoint and permission")[1]
    lines = re.findall(r"^\| `(.+?)` \| (.+) \|$", section, re.MULTILINE)
    published = {endpoint: tuple(re.findall(r"`(.+?)`", needs)) for endpoint, needs in lines}
    assert published == NEEDS | {page: (needs,) for page, needs in PAGES_OF_ROWS.items()}


@pytest.mark.parametrize("endpoint", OVER_THE_API)
def test_staff_without_a_permission_are_refused(gateway, staff, endpoint):
    refused = [POWERLESS, *(f"lacks {permission}" for permission in NEEDS[endpoint])]
    found = {name: statuses(gateway, staff[name].admin_key, endpoint) for name in refused}
    assert found == {name: {403} for name in refused}


@pytest.mark.parametrize("endpoint", OVER_THE_API)
def test_the_listed_permissions_are_enough(gateway, staff, endpoint):
    holder = staff[f"has {' '.join(NEEDS[endpoint])}"]
    assert statuses(gateway, holder.admin_key, endpoint).isdisjoint(REFUSED)
    # The permissions of a person are nothing to a key that was made for calling models.
    assert statuses(gateway, holder.plain_key, endpoint) == {403}


@pytest.mark.parametrize("endpoint", OVER_THE_API)
def test_a_superuser_needs_the_scope_as_well(gateway, staff, keys, endpoint):
    superuser = staff["has superuser"]
    assert statuses(gateway, superuser.admin_key, endpoint).isdisjoint(REFUSED)
    assert statuses(gateway, superuser.plain_key, endpoint) == {403}
    assert statuses(gateway, keys["alice"], endpoint) == {403}


def test_administrators_are_told_which_permission_is_needed(gateway, staff, alice):
    with client_of(gateway, staff[POWERLESS].admin_key) as client:
        error = client.get("/openai/config").json()["error"]
    assert error["code"] == "permission_denied"
    assert "`connections.view_connection`" in error["message"]
    assert "connections." not in alice.get("/openai/config").text


def test_what_one_used_oneself_needs_no_permission(gateway, staff):
    with client_of(gateway, staff[POWERLESS].admin_key) as client:
        for route in USAGE_ROUTES:
            assert client.get(route.path).status_code == 200
            assert client.get(route.path, params={"user": POWERLESS}).status_code == 200


def test_staff_see_every_model_without_a_permission(gateway, staff, root):
    everything = root.get("/v1/models").json()["data"]
    with client_of(gateway, staff[POWERLESS].plain_key) as client:
        assert client.get("/v1/models").json()["data"] == everything


def live_socket(gateway, person):
    headers = {"Cookie": f"sessionid={person.session}", "Origin": gateway.url}
    return open_socket(gateway, path=f"/{LIVE_SOCKET}", additional_headers=headers)


@pytest.mark.parametrize("name", [POWERLESS, "lacks proxy.view_live"])
def test_the_live_view_has_a_permission_of_its_own(gateway, staff, name):
    with pytest.raises(InvalidStatus) as refused, live_socket(gateway, staff[name]):
        pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize(
    ("name", "may_end"),
    [
        ("has proxy.view_live", False),
        ("lacks proxy.end_request", False),
        ("has proxy.view_live proxy.end_request", True),
    ],
)
def test_ending_a_request_has_a_permission_of_its_own(gateway, staff, name, may_end):
    with live_socket(gateway, staff[name]) as socket:
        say(socket, {"type": "end", "request_id": "req_unknown"})
        said = [heard(socket) for _ in range(3)]
    refusals = [each["error"]["code"] for each in said if each.get("type") == "error"]
    assert refusals == ([] if may_end else ["permission_denied"])


def changed(gateway, code):
    imports = "from django.contrib.auth.models import Group, Permission;"
    imports += "from accounts.models import User;"
    gateway.manage("shell", "--no-imports", "-c", imports + code)


def test_permissions_that_come_and_go_with_a_group_count_at_once(gateway, staff):
    look = "permission = Permission.objects.get(codename='view_connection');"
    group = "group, _ = Group.objects.get_or_create(name='lookers');"
    with client_of(gateway, make_staff(gateway, {"sam": having()})["sam"].admin_key) as client:

        def becomes(status, code):
            changed(gateway, look + group + code)
            wait_until(
                lambda: client.get("/openai/config").status_code == status, what=code, seconds=10
            )

        assert client.get("/openai/config").status_code == 403
        becomes(
            200,
            "group.permissions.add(permission); User.objects.get(username='sam').groups.add(group)",
        )
        becomes(403, "group.permissions.remove(permission)")
        becomes(200, "User.objects.get(username='sam').user_permissions.add(permission)")
        becomes(403, "User.objects.get(username='sam').user_permissions.clear()")


def test_staff_cannot_have_the_keys_of_others_sent_to_themselves(gateway, staff, root, keys):
    """The whole attack: a connection of the attacker's, which asks for its callers' credentials, in
    place of the real one; then the administrator's next call."""
    with ScriptedUpstream(models=("open",)) as evil:
        evil.on("POST", CHAT, complete_chat)
        before = root.get("/openai/config").json()
        document = {
            "OPENAI_API_BASE_URLS": [evil.url],
            "OPENAI_API_KEYS": [""],
            "OPENAI_API_CONFIGS": {"0": {"auth_type": "session", "model_ids": ["open"]}},
        }
        for name in (POWERLESS, "has connections.view_connection", "lacks superuser"):
            for key in (staff[name].admin_key, staff[name].plain_key):
                if name == "lacks superuser" and key == staff[name].admin_key:
                    continue  # has every permission that there is
                with client_of(gateway, key) as attacker:
                    answer = attacker.post("/openai/config/update", json=document)
                    assert answer.status_code == 403
                    form = {"url": evil.url, "config": {"auth_type": "session"}}
                    assert attacker.post("/openai/verify", json=form).status_code == 403
        assert root.get("/openai/config").json() == before
        assert root.post(CHAT, json=chat_body("open")).status_code == 200
        assert evil.requests == []
