"""Keys that speak for users: as the user, for inference alone, and only with the mark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from websockets.exceptions import InvalidStatus

from accounts.models import ApiKey, User
from tests.security.house import House
from tests.security.test_admin_permissions import ADD_KEY, MAY_MAKE, browser, person
from tests.security.test_authentication import STAFF_ROUTES
from tests.support.api import CHAT, chat_body, client_of, exchange, listed, request_bytes
from tests.support.processes import wait_until
from tests.support.responders import json_response, sse
from tests.support.sockets import heard, open_socket, say

RESPONSES = "/v1/responses"
EMAIL = "X-OpenWebUI-User-Email"
ADDRESSES = """
from accounts.models import User
for name in ("alice", "bob", "root"):
    user = User.objects.get(username=name)
    user.email = f"{name}@example.com"
    user.save()
User.objects.get_or_create(username="off", email="off@example.com", is_active=False)
for name in ("twin-1", "twin-2"):
    User.objects.get_or_create(username=name, email="twin@example.com")
"""
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "opus",
    "content": [{"type": "text", "text": "The word is xyzzy."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 9, "output_tokens": 2},
}
acceptance = pytest.mark.acceptance


@pytest.fixture(scope="module")
def trusted(shared_house: House) -> str:
    """A key of ``open-webui``, who is staff, that may speak for users."""
    options = ("--create-user", "--staff", "--may-speak-for-users", "--json")
    _, made = shared_house.gateway.manage_all(
        ("shell", "-v0", "-c", ADDRESSES), ("create_api_key", "open-webui", *options)
    )
    return str(json.loads(made)["key"])


def speaking_for(house: House, key: str, name: str) -> httpx.Client:
    """A client as Open WebUI is one, for the user ``name``."""
    client = client_of(house.gateway, key)
    client.headers.update(
        {
            "X-OpenWebUI-User-Name": "Some%20One",
            "X-OpenWebUI-User-Id": "8a1d4f0e",
            EMAIL: f"{name}@example.com",
            "X-OpenWebUI-User-Role": "admin",
        }
    )
    return client


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.fixture
def kept(house: House, trusted: str) -> Iterator[Any]:
    """A response that the gateway keeps, made for alice."""
    house.http.on("POST", "/v1/messages", json_response(MESSAGE))
    with speaking_for(house, trusted, "alice") as alice:
        yield alice.post(RESPONSES, json={"model": "opus", "input": "Say it."}).json()


@acceptance
def test_what_is_kept_belongs_to_the_user_who_was_spoken_for(house, trusted, kept):
    path = f"{RESPONSES}/{kept['id']}"
    with client_of(house.gateway, house.keys["alice"]) as alice:
        assert alice.get(path).json() == kept
    with speaking_for(house, trusted, "alice") as alice:
        assert alice.get(path).json() == kept


@acceptance
def test_neither_the_user_of_the_key_nor_another_user_reads_it(house, trusted, kept):
    path = f"{RESPONSES}/{kept['id']}"
    for client in (client_of(house.gateway, trusted), speaking_for(house, trusted, "bob")):
        with client:
            assert code_of(client.get(path)) == (404, "response_not_found")
            fields = {"model": "opus", "previous_response_id": kept["id"], "input": "And?"}
            assert client.post(RESPONSES, json=fields).status_code in {400, 404}


@acceptance
@pytest.mark.parametrize("header", [EMAIL, EMAIL.lower()])
def test_keys_without_the_mark_speak_for_their_user_alone(house, trusted, kept, header):
    with client_of(house.gateway, house.keys["bob"]) as bob:
        bob.headers[header] = "alice@example.com"
        assert code_of(bob.get(f"{RESPONSES}/{kept['id']}")) == (404, "response_not_found")
        bob.headers[header] = "nobody at all"
        assert bob.get("/v1/models").status_code == 200


@acceptance
@pytest.mark.parametrize("route", STAFF_ROUTES, ids=lambda route: route.path)
def test_a_superuser_who_is_spoken_for_administers_nothing(house, trusted, route):
    with speaking_for(house, trusted, "root") as root:
        for method in route.methods:
            assert code_of(root.request(method, route.path, json={})) == (403, "permission_denied")


@acceptance
def test_staff_who_are_spoken_for_see_what_they_were_granted(house, trusted):
    with client_of(house.gateway, house.keys["alice"]) as alice:
        granted = listed(alice)
    with speaking_for(house, trusted, "root") as root:
        assert listed(root) == granted
        assert root.post(CHAT, json=chat_body("side")).status_code == 404
        assert root.get("/v1/usage?user=all").status_code == 403
        assert root.get("/v1/usage?user=alice").status_code == 403


@acceptance
@pytest.mark.parametrize(
    ("name", "code"),
    [("new", "unknown_user"), ("off", "user_not_active"), ("twin", "ambiguous_user")],
)
def test_others_are_refused_on_every_road(house, trusted, unheard, name, code):
    with speaking_for(house, trusted, name) as client:
        assert code_of(client.get("/v1/models")) == (403, code)
        assert code_of(client.post(CHAT, json=chat_body("main"))) == (403, code)
        assert code_of(client.post("/openai/chat/completions", json=chat_body("main"))) == (
            403,
            code,
        )
        assert client.post("/v1/messages", json=chat_body("opus")).status_code == 403
    for path in (CHAT, RESPONSES, "/v1/realtime?model=talk"):
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(
                house.gateway,
                trusted,
                path=path,
                additional_headers={EMAIL: f"{name}@example.com"},
            )


@acceptance
@pytest.mark.parametrize(
    "lines",
    [
        (b"X-OpenWebUI-User-Email: alice@example.com", b"X-OpenWebUI-User-Email: bob@example.com"),
        (b"X-OpenWebUI-User-Email: alice@example.com,bob@example.com",),
        (b"X-OpenWebUI-User-Email: ",),
        (b"X-OpenWebUI-User-Email: al\xff\xfeice@example.com",),
        (b"X-OpenWebUI-User-Email: " + b"a" * 5000 + b"@example.com",),
        (b"X-OpenWebUI-User-Id: 8a1d4f0e",),
        (b"X-OpenWebUI-User-Jwt: a.b.c",),
    ],
    ids=["twice", "joined", "empty", "not UTF-8", "long", "id alone", "signed"],
)
def test_headers_that_name_nobody_are_not_taken_for_none(house, trusted, lines):
    gateway = house.gateway
    fields = (
        f"Host: 127.0.0.1:{gateway.port}",
        f"Authorization: Bearer {trusted}",
        "Content-Length: 0",
        "Connection: close",
        *lines,
    )
    answer = exchange(gateway.port, request_bytes("/v1/models", *fields))
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["code"] == "invalid_user_header"


@acceptance
def test_sockets_are_those_of_the_user_in_the_handshake(house, trusted, kept):
    going_on = {"type": "response.create", "model": "opus", "previous_response_id": kept["id"]}
    for name, kind in (("alice", "response.created"), ("bob", "error")):
        headers = {EMAIL: f"{name}@example.com"}
        with open_socket(
            house.gateway, trusted, path=RESPONSES, additional_headers=headers
        ) as socket:
            say(socket, going_on | {"input": "And?"})
            assert heard(socket)["type"] == kind


@acceptance
def test_streams_are_resumed_by_the_user_who_was_spoken_for(house, trusted):
    house.http.on("POST", CHAT, sse({"choices": [{"index": 0, "delta": {"content": "Hi"}}]}))
    with speaking_for(house, trusted, "alice") as alice:
        headers = {"x-gateway-resumable": "true"}
        made = alice.post(CHAT, json=chat_body("main", stream=True), headers=headers)
        assert made.headers["x-gateway-resumable"] == "true"
        path = f"{CHAT}/{made.headers['x-request-id']}/stream"
        assert alice.get(path).text == made.text
    for client in (
        client_of(house.gateway, trusted),
        speaking_for(house, trusted, "bob"),
        client_of(house.gateway, house.keys["alice"]),
    ):
        with client:
            assert code_of(client.get(path)) == (404, "stream_not_found")
            assert code_of(client.delete(path)) == (404, "stream_not_found")


@acceptance
def test_client_secrets_stand_for_the_user_who_was_spoken_for(house, trusted):
    with speaking_for(house, trusted, "root") as root:
        fields = {"session": {"type": "realtime", "model": "hidden"}}
        refused = root.post("/v1/realtime/client_secrets", json=fields)
        assert code_of(refused) == (404, "model_not_found")
        made = root.post("/v1/realtime/client_secrets", json={}).json()["value"]
    # The user of the key sees every model, and so does root with a key of their own.
    assert opening_of(house, made, "hidden") == 404
    assert opening_of(house, trusted, "hidden") == 101


@acceptance
def test_client_secrets_end_with_their_user(house, trusted):
    with speaking_for(house, trusted, "bob") as bob:
        made = bob.post("/v1/realtime/client_secrets", json={}).json()["value"]
    assert opening_of(house, made, "talk") == 101
    activate(house, "bob", is_active=False)
    try:
        wait_until(lambda: opening_of(house, made, "talk") == 403, what="the refusal")
    finally:
        activate(house, "bob", is_active=True)


def activate(house: House, name: str, *, is_active: bool) -> None:
    code = f"""
from accounts.models import User
user = User.objects.get(username={name!r})
user.is_active = {is_active}
user.save()
"""
    house.gateway.manage("shell", "-v0", "-c", code)


def opening_of(house: House, key: str, model: str) -> int:
    """The status that a handshake for ``model`` gets."""
    try:
        with open_socket(house.gateway, key, path=f"/v1/realtime?model={model}"):
            return 101
    except InvalidStatus as exc:
        return int(exc.response.status_code)


def form_of(user: User, group: Group) -> dict[str, Any]:
    marks = {"may_speak_for_users": "on", "unknown_users_group": group.pk}
    return {"user": user.pk, "name": "x", "scopes": ["inference"]} | marks


@pytest.mark.django_db
def test_only_superusers_mark_keys():
    maker, group = person(*MAY_MAKE, name="maker"), Group.objects.create(name="team")
    browser(maker).post(ADD_KEY, form_of(maker, group))
    row = ApiKey.objects.get()
    assert (row.may_speak_for_users, row.unknown_users_group) == (False, None)
    change = reverse("admin:accounts_apikey_change", args=[row.pk])
    browser(maker).post(change, form_of(maker, group))
    row.refresh_from_db()
    assert (row.may_speak_for_users, row.unknown_users_group) == (False, None)
    boss = User.objects.create_superuser("boss", password="boss-pass-1")
    browser(boss).post(ADD_KEY, form_of(maker, group))
    made = ApiKey.objects.exclude(pk=row.pk).get()
    assert (made.may_speak_for_users, made.unknown_users_group) == (True, group)


@pytest.mark.django_db
def test_a_marked_key_is_shown_to_superusers_and_its_user_alone():
    maker = person(*MAY_MAKE, name="maker")
    service = User.objects.create_user("open-webui")
    row, _ = ApiKey.objects.issue(service, may_speak_for_users=True, model_patterns=["a"])
    rotate = reverse("admin:accounts_apikey_rotate", args=[row.pk])
    assert browser(maker).post(rotate, {"overlap_hours": "1"}).status_code == 403
    change = reverse("admin:accounts_apikey_change", args=[row.pk])
    browser(maker).post(change, {"name": "new", "scopes": ["inference"], "model_patterns": ""})
    after = ApiKey.objects.get()
    assert (after.digest, after.model_patterns) == (row.digest, ["a"])


@pytest.mark.django_db
def test_a_marked_key_never_has_the_scope_admin():
    boss = User.objects.create_superuser("boss", password="boss-pass-1")
    form = form_of(boss, Group.objects.create(name="team")) | {"scopes": ["inference", "admin"]}
    answer = browser(boss).post(ADD_KEY, form)
    assert "cannot have the scope admin" in answer.content.decode()
    assert not ApiKey.objects.exists()
