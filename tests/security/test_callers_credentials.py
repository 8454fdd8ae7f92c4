"""What callers present goes on only where a superuser, a file or a command has said so."""

import json

import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

OWN = {"name": "own", "auth_type": "session", "model_ids": ["own"], "forward_cookies": True}


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("plain", "own")) as server:
        yield server


@pytest.fixture
def thief():
    with ScriptedUpstream(models=("plain", "own")) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, upstream):
    with live_gateway(stores, BACKINGS[0], tmp_path_factory.mktemp("callers")) as gateway:
        plain = {"name": "plain", "base_url": upstream.url, "model_ids": ["plain"]}
        base_url = upstream.url.replace("/v1", "/own")
        gateway.configure(connections=[plain, OWN | {"base_url": base_url}])
        yield gateway


@pytest.fixture(scope="module")
def key(gateway):
    return gateway.api_key("root", is_admin=True)


@pytest.fixture
def root(gateway, key):
    with client_of(gateway, key) as client:
        wait_for_models(client, "plain", "own")
        yield client


def changed(document, index, url=None, key=None, **config):
    """``document`` with the connection at ``index`` changed, or added."""
    copy = json.loads(json.dumps(document))
    for name, value in (("OPENAI_API_BASE_URLS", url), ("OPENAI_API_KEYS", key)):
        if value is not None:
            copy[name][index:] = [value, *copy[name][index + 1 :]]
    copy["OPENAI_API_CONFIGS"].setdefault(str(index), {}).update(config)
    return copy


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_exploit_with_a_connection_of_ones_own_ends_at_once(root, thief, key, auth_type):
    document = root.get("/openai/config").json()
    last = len(document["OPENAI_API_BASE_URLS"])
    theft = {"auth_type": auth_type, "model_ids": ["plain"], "enable": True}
    attempts = [
        changed(document, last, thief.url, "", **theft),
        changed(changed(document, 0, enable=False), last, thief.url, "", **theft),
        changed(document, 0, thief.url, "", auth_type=auth_type),
        changed(document, 0, auth_type=auth_type),
    ]
    attempts[2]["OPENAI_API_CONFIGS"] = {thief.url: theft}
    for attempt in attempts:
        answer = root.post("/openai/config/update", json=attempt)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "auth_type"
    assert root.get("/openai/config").json() == document
    assert root.post(CHAT, json=chat_body("plain")).status_code == 200
    assert not thief.requests


@pytest.mark.parametrize("auth_type", ["session", "system_oauth"])
def test_verification_sends_nothing_of_the_callers_to_a_url_of_choice(root, thief, auth_type):
    for config in ({}, {"azure": True}, {"forward_cookies": True}):
        form = {"url": thief.url, "key": "k", "config": config | {"auth_type": auth_type}}
        assert root.post("/openai/verify", json=form).status_code == 400
    assert not thief.connections


def test_connection_that_passes_them_on_cannot_be_led_elsewhere(root, thief, key):
    document = root.get("/openai/config").json()
    attempts = [
        changed(document, 1, thief.url),
        changed(document, 1, thief.url, "sk-new"),
        changed(document, 1, azure=True),
        changed(document, 1, headers={"X-Forwarded-Host": "evil.example"}),
        changed(document, 1, model_ids=["own", "plain"]),
        changed(document, 1, auth_type="bearer"),
        changed(document, 1, prefix_id="x"),
    ]
    without = changed(document, 1, thief.url)
    del without["OPENAI_API_CONFIGS"]["1"]
    shifted = document | {"OPENAI_API_BASE_URLS": [thief.url, *document["OPENAI_API_BASE_URLS"]]}
    for attempt in [*attempts, without, shifted | {"OPENAI_API_CONFIGS": {"0": OWN_CONFIG}}]:
        assert root.post("/openai/config/update", json=attempt).status_code == 400
    assert root.get("/openai/config").json() == document
    assert not [each for each in thief.requests if key in str(each.headers)]


OWN_CONFIG = {"auth_type": "session", "model_ids": ["own"]}


def test_document_that_comes_back_unchanged_is_taken(root):
    document = root.get("/openai/config").json()
    assert root.post("/openai/config/update", json=document).json() == document


def test_callers_credential_goes_where_the_file_said(root, upstream, key):
    upstream.on("POST", "/own/chat/completions", *[upstream._responder("POST", CHAT)])
    assert root.post(CHAT, json=chat_body("own")).status_code == 200
    assert upstream.calls[-1].header("Authorization") == f"Bearer {key}"


def test_connection_that_was_switched_off_stays_off(gateway, root):
    document = root.get("/openai/config").json()
    off = changed(document, 1, enable=False)
    assert root.post("/openai/config/update", json=off).status_code == 200
    answer = root.post("/openai/config/update", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "enabled"
    assert root.get("/openai/config").json()["OPENAI_API_CONFIGS"]["1"]["enable"] is False
    gateway.configure(connections=[OWN | {"base_url": document["OPENAI_API_BASE_URLS"][1]}])
