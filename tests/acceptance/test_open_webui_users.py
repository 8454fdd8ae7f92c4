"""One connection of Open WebUI, and the people behind it: each is a caller of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.support.api import CHAT, HELLO, chat_body, client_of, listed
from tests.support.live import TWO_WORKERS, LiveGateway, live_gateway
from tests.support.processes import wait_until
from tests.support.responders import chunk, complete_chat, head, json_response, when_told
from tests.support.stores import BACKINGS, Stores
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

STREAM_HEAD = head(content_type="text/event-stream", transfer_encoding="chunked")
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"Hel"},"finish_reason":null}]}\n\n'
EMBEDDINGS = {"object": "list", "model": "open", "data": [], "usage": {"prompt_tokens": 1}}
GROUPS = """
from django.contrib.auth.models import Group
from accounts.models import User
user, _ = User.objects.get_or_create(username="ada", defaults={"email": "Ada@example.com"})
user.is_active = True
user.save()
user.groups.set([Group.objects.get(name="lab")])
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("open", "secret")) as upstream:
        upstream.on("POST", CHAT, complete_chat)
        upstream.on("POST", "/v1/embeddings", json_response(EMBEDDINGS))
        yield upstream


@pytest.fixture(scope="module", params=BACKINGS)
def gateway(
    request: pytest.FixtureRequest,
    stores: Stores,
    upstream: ScriptedUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveGateway]:
    directory = tmp_path_factory.mktemp("open-webui")
    with live_gateway(stores, request.param, directory, *TWO_WORKERS) as gateway:
        headers = {"X-Person": "{{USER_EMAIL}}", "X-Who": "{{USER_NAME}}/{{USER_ROLE}}"}
        connection = {"name": "one", "base_url": upstream.url, "keys": ["k"], "headers": headers}
        gateway.configure(
            connections=[connection],
            groups=[{"name": "lab", "users": []}, {"name": "newcomers", "users": []}],
            grants=[
                {"models": ["open"], "everyone": True},
                {"models": ["secret"], "groups": ["lab"]},
            ],
        )
        yield gateway


@pytest.fixture(scope="module")
def key(gateway: LiveGateway) -> str:
    options = ("--create-user", "--may-speak-for-users", "--unknown-users-group", "newcomers")
    made = gateway.manage("create_api_key", "open-webui", *options, "--json").stdout
    return str(json.loads(made)["key"])


@pytest.fixture
def ada(gateway: LiveGateway, key: str) -> Iterator[httpx.Client]:
    """What Open WebUI sends for Ada, who is in the lab."""
    gateway.manage("shell", "-v0", "-c", GROUPS)
    with as_open_webui(gateway, key, "ada@example.com", "Ada Lövelace") as client:
        wait_until(lambda: is_seeing(client, {"open", "secret"}), what="both models")
        yield client


def as_open_webui(gateway: LiveGateway, key: str, email: str, name: str) -> httpx.Client:
    client = client_of(gateway, key)
    client.headers.update(
        {
            "Content-Type": "application/json",
            "X-OpenWebUI-User-Name": quote(name, safe=" "),
            "X-OpenWebUI-User-Id": "8a1d4f0e-6b2c-4c1e-9f57-2f4b1f2f6c11",
            "X-OpenWebUI-User-Email": email,
            "X-OpenWebUI-User-Role": "admin",
            "X-OpenWebUI-Chat-Id": "chat-1",
        }
    )
    return client


def is_seeing(client: httpx.Client, models: set[str]) -> bool:
    """Whether both workers, of which either may answer, show ``models``."""
    return all(
        answer.status_code == 200 and {model["id"] for model in answer.json()["data"]} == models
        for answer in (client.get("/v1/models") for _ in range(8))
    )


def records(gateway: LiveGateway, user: str) -> list[dict[str, Any]]:
    found = gateway.manage("requests", "--user", user, "--json").stdout
    rows: list[dict[str, Any]] = json.loads(found)["requests"]
    return rows


ROADS = [
    (CHAT, chat_body("secret")),
    ("/openai/chat/completions", chat_body("secret")),
    ("/openai/deployments/secret/chat/completions?api-version=1", {"messages": HELLO}),
    ("/v1/messages", chat_body("secret", max_tokens=9)),
    ("/v1/embeddings", {"model": "secret", "input": "Hello"}),
]


@pytest.mark.parametrize(("path", "body"), ROADS, ids=[path for path, _ in ROADS])
def test_every_road_is_that_of_the_user(gateway, upstream, ada, path, body):
    before = len(records(gateway, "ada"))
    assert ada.post(path, json=body).status_code == 200
    asked = upstream.calls[-1]
    assert asked.header("x-person") == "Ada@example.com"
    assert asked.header("x-who") == "ada/user"
    wait_until(lambda: len(records(gateway, "ada")) == before + 1, what="the record")


def test_usage_is_the_users_and_names_the_key(gateway, key, ada):
    ada.post(CHAT, json=chat_body("open"))
    shown = json.loads(gateway.manage("list_api_keys", "--user", "open-webui", "--json").stdout)
    entry = shown["keys"][0]
    assert entry["may_speak_for_users"] is True
    assert entry["unknown_users_group"] == "newcomers"
    wait_until(lambda: bool(records(gateway, "ada")), what="the record")
    assert {row["key_id"] for row in records(gateway, "ada")} == {entry["id"]}
    assert ada.get("/v1/usage?since=1d").json()["data"]
    with client_of(gateway, key) as itself:
        assert itself.get("/v1/usage?since=1d").json()["data"] == []


def test_the_key_without_a_user_is_its_own(gateway, key, ada):
    with client_of(gateway, key) as itself:
        assert listed(itself) == {"open"}


def test_fifty_first_requests_make_one_user(gateway, key):
    def ask(_: int) -> int:
        with as_open_webui(gateway, key, "Grace@Example.com", "Grace Hopper") as client:
            return client.post(CHAT, json=chat_body("open")).status_code

    with ThreadPoolExecutor(50) as pool:
        assert set(pool.map(ask, range(50))) == {200}
    code = """
from accounts.models import User
for user in User.objects.filter(email__iexact="grace@example.com"):
    groups = [group.name for group in user.groups.all()]
    print([user.username, user.first_name, groups, user.has_usable_password()])
"""
    told = gateway.manage("shell", "-v0", "-c", code).stdout.strip()
    assert told == "['grace', 'Grace Hopper', ['newcomers'], False]"


def test_user_who_leaves_the_group_loses_the_model(gateway, ada):
    change = "from accounts.models import User; User.objects.get(username='ada').groups.clear()"
    gateway.manage("shell", "-v0", "-c", change)
    wait_until(lambda: is_seeing(ada, {"open"}), what="one model")
    assert ada.post(CHAT, json=chat_body("secret")).status_code == 404


def test_streams_of_a_user_who_is_deactivated_end(gateway, upstream, ada):
    signal = threading.Event()
    upstream.on("POST", CHAT, when_told(signal, STREAM_HEAD + chunk(EVENT), chunk(EVENT)))
    try:
        with ada.stream("POST", CHAT, json=chat_body("open", stream=True)) as answer:
            parts = answer.iter_bytes()
            assert next(parts) == EVENT
            change = "from accounts.models import User; u = User.objects.get(username='ada'); "
            gateway.manage("shell", "-v0", "-c", change + "u.is_active = False; u.save()")
            assert b"access_withdrawn" in b"".join(parts)
        assert ada.get("/v1/models").json()["error"]["code"] == "user_not_active"
    finally:
        signal.set()
        upstream.on("POST", CHAT, complete_chat)
