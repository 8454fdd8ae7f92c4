"""The gateway's own identity: its tokens go to Azure and to hosts an operator named, or nowhere."""

import json

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import json_response
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

TOKEN = "entra-canary-7d41c9e2b8"
AUTH_TYPES = ["azure_ad", "microsoft_entra_id"]
STORE_UNCHECKED = (
    "from connections.models import Connection; "
    "Connection.objects.create(name={name!r}, base_url={url!r}, auth_type='azure_ad', "
    "auth_scope={scope!r}, model_ids=[{name!r}])"
)


@pytest.fixture(scope="module")
def identity():
    """App Service's managed identity."""
    answer = {
        "access_token": TOKEN,
        "expires_on": "4102444800",
        "resource": "https://cognitiveservices.azure.com",
        "token_type": "Bearer",
    }
    with ScriptedUpstream() as server:
        server.on("GET", "/token", json_response(answer))
        yield server


@pytest.fixture(scope="module")
def friend():
    """An upstream that the operator has named."""
    with ScriptedUpstream(models=("friendly",)) as server:
        yield server


@pytest.fixture
def thief():
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, identity, friend):
    environment = {
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity.port}/token",
        "IDENTITY_HEADER": "app-service-secret",
        "GATEWAY_IDENTITY_HOSTS": f"http://127.0.0.1:{friend.port}",
    }
    directory = tmp_path_factory.mktemp("identity")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def key(gateway):
    return gateway.api_key("root", is_admin=True)


@pytest.fixture
def root(gateway, key, identity):
    identity.requests.clear()
    with client_of(gateway, key) as client:
        yield client


def urls_of(port):
    return [
        f"http://127.0.0.1:{port}/v1",
        f"http://localhost:{port}/v1",
        f"http://127.0.0.1:{port}/res.openai.azure.com",
        f"http://127.0.0.1:{port}/v1/.openai.azure.com",
        f"http://[::ffff:127.0.0.1]:{port}/v1",
        f"http://2130706433:{port}/v1",
        f"http://res.openai.azure.com@127.0.0.1:{port}/v1",
        f"http://127.0.0.1.:{port}/v1",
    ]


def assert_nothing_left(identity, thief):
    assert not identity.requests
    assert not [each for each in thief.requests if TOKEN in str(each.headers)]


@pytest.mark.parametrize("auth_type", AUTH_TYPES)
def test_verification_sends_no_token_to_a_foreign_host(root, identity, thief, auth_type):
    for url in urls_of(thief.port):
        for config in ({}, {"azure": True}, {"provider": "ollama"}, {"api_version": "2024-10-21"}):
            form = {"url": url, "key": "", "config": config | {"auth_type": auth_type}}
            answer = root.post("/openai/verify", json=form)
            assert answer.status_code == 400, url
            assert TOKEN not in answer.text
    assert_nothing_left(identity, thief)
    assert not thief.requests


@pytest.mark.parametrize("auth_type", AUTH_TYPES)
def test_document_makes_no_connection_that_sends_a_token_to_a_foreign_host(
    root, identity, thief, auth_type
):
    before = root.get("/openai/config").json()
    for url in urls_of(thief.port):
        document = json.loads(json.dumps(before))
        index = len(document["OPENAI_API_BASE_URLS"])
        document["OPENAI_API_BASE_URLS"].append(url)
        document["OPENAI_API_KEYS"].append("")
        document["OPENAI_API_CONFIGS"][str(index)] = {"auth_type": auth_type, "model_ids": ["m"]}
        answer = root.post("/openai/config/update", json=document)
        assert answer.status_code == 400, url
        assert answer.json()["error"]["param"] == "base_url"
    assert root.get("/openai/config").json() == before
    assert_nothing_left(identity, thief)


@pytest.mark.parametrize("auth_type", AUTH_TYPES)
def test_file_makes_none_either(gateway, identity, thief, auth_type):
    identity.requests.clear()
    entry = {"name": "stolen", "base_url": thief.url, "auth_type": auth_type}
    done = gateway.manage(*gateway.import_of(connections=[entry]), check=False)
    assert done.returncode != 0
    assert "GATEWAY_IDENTITY_HOSTS" in done.stderr
    assert_nothing_left(identity, thief)


@pytest.mark.parametrize(
    ("is_friend", "scope"),
    [(False, ""), (True, "https://management.azure.com/.default")],
    ids=["host", "scope"],
)
def test_connection_that_is_there_already_gets_no_token(
    gateway, root, identity, friend, thief, is_friend, scope
):
    friend.requests.clear()
    upstream = friend if is_friend else thief
    # Its own: the models of a connection that was removed are listed for a moment more.
    name = "old-friend" if is_friend else "old-host"
    script = STORE_UNCHECKED.format(name=name, url=upstream.url, scope=scope)
    gateway.manage("shell", "-v0", "-c", script)
    try:
        wait_for_models(root, name)
        calls = [
            root.post(CHAT, json=chat_body(name)),
            root.post(CHAT, json=chat_body(name, stream=True)),
            root.post("/v1/embeddings", json={"model": name, "input": "x"}),
            root.post("/v1/audio/speech", json={"model": name, "input": "x", "voice": "alloy"}),
            root.post(f"/openai/deployments/{name}/chat/completions", json=chat_body(name)),
        ]
        assert {each.status_code for each in calls} == {502}
        codes = {each.json()["error"]["code"] for each in calls}
        assert codes == {"upstream_auth_unavailable"}
        assert not any(str(upstream.port) in each.text for each in calls)
        verified = gateway.manage("verify_connection", name, check=False)
        assert verified.returncode == 1
        assert_nothing_left(identity, upstream)
    finally:
        remove = "from connections.models import Connection; Connection.objects.all().delete()"
        gateway.manage("shell", "-v0", "-c", remove)


def test_host_that_the_operator_named_gets_one(gateway, root, identity, friend):
    entry = {"name": "friend", "base_url": friend.url, "auth_type": "azure_ad"}
    gateway.configure(connections=[entry])
    wait_for_models(root, "friendly")
    assert root.post(CHAT, json=chat_body("friendly")).status_code == 200
    assert friend.calls[-1].header("Authorization") == f"Bearer {TOKEN}"
    assert TOKEN not in gateway.log


@pytest.mark.parametrize("patterns", ["http://evil.example", "*", "*.com", "evil.example/v1"])
def test_pattern_that_is_too_wide_is_an_error_of_the_check(gateway, patterns):
    gateway.environment["GATEWAY_IDENTITY_HOSTS"], before = (
        patterns,
        gateway.environment["GATEWAY_IDENTITY_HOSTS"],
    )
    try:
        done = gateway.manage("check", check=False)
    finally:
        gateway.environment["GATEWAY_IDENTITY_HOSTS"] = before
    assert done.returncode != 0
    assert "connections.E001" in done.stderr
