"""Stored header values and keys stay with the scheme, host and port they were given for."""

import json

import pytest

from tests.security.canaries import HEADER_SECRET, UPSTREAM_KEY
from tests.support.api import CHAT, chat_body
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

HIDDEN = "…"


@pytest.fixture
def thief():
    with ScriptedUpstream(models=("stolen",)) as server:
        yield server


@pytest.fixture
def document(root, upstream):
    """The configuration as it is shown; ``lab``, at 1, has a secret header."""
    found = root.get("/openai/config").json()
    assert found["OPENAI_API_CONFIGS"]["1"]["headers"] == {"X-Secret-Token": HIDDEN}
    yield found
    assert root.get("/openai/config").json() == found


def moved(document, url, key="", config=None):
    copy = json.loads(json.dumps(document))
    copy["OPENAI_API_BASE_URLS"][1] = url
    copy["OPENAI_API_KEYS"][1] = key
    if config is not None:
        copy["OPENAI_API_CONFIGS"]["1"] = config
    return copy


def is_stolen(thief):
    return any(
        HEADER_SECRET in str(each.headers) or UPSTREAM_KEY in str(each.headers)
        for each in thief.requests
    )


def elsewhere(upstream, thief):
    return [
        thief.url,
        f"http://localhost:{thief.port}/v1",
        upstream.url.replace("http://", "https://"),
        upstream.url.replace("127.0.0.1", "localhost"),
        upstream.url.replace("127.0.0.1", "127.0.0.1."),
    ]


@pytest.mark.parametrize(
    "config",
    [None, {}, {"headers": {"X-Secret-Token": HIDDEN}}, {"headers": {"x-secret-token": HIDDEN}}],
    ids=["as shown", "without headers", "masked", "in another case"],
)
def test_document_takes_no_header_along(root, upstream, thief, document, config):
    for url in elsewhere(upstream, thief):
        answer = root.post("/openai/config/update", json=moved(document, url, config=config))
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "headers"
        assert HEADER_SECRET not in answer.text
    assert not thief.requests


def test_document_takes_none_to_a_new_place_in_the_list(root, thief, document):
    copy = json.loads(json.dumps(document))
    copy["OPENAI_API_BASE_URLS"] += ["", thief.url]
    copy["OPENAI_API_KEYS"] += ["", ""]
    copy["OPENAI_API_CONFIGS"][str(len(copy["OPENAI_API_BASE_URLS"]) - 1)] = {
        "headers": {"X-Secret-Token": HIDDEN}
    }
    for attempt in (copy, moved(copy, "")):
        assert root.post("/openai/config/update", json=attempt).status_code == 400
    assert not thief.requests


def test_document_takes_no_key_along(root, upstream, thief, document):
    mask = document["OPENAI_API_KEYS"][1]
    for url in elsewhere(upstream, thief):
        attempt = moved(document, url, key=mask, config={"headers": {}})
        assert root.post("/openai/config/update", json=attempt).status_code == 400
    assert not thief.requests


@pytest.mark.parametrize("name", ["X-Secret-Token", "x-secret-token", "X-Other"])
def test_verification_opens_no_mask_for_another_url(root, upstream, thief, document, name):
    for url in elsewhere(upstream, thief):
        form = {"url": url, "key": "", "config": {"headers": {name: HIDDEN}}}
        answer = root.post("/openai/verify", json=form)
        assert answer.status_code == 400
        assert answer.json()["error"]["param"] == "headers"
    assert not thief.requests


def test_verification_opens_it_for_its_own(root, upstream, document):
    asked = len(upstream.requests)
    form = {
        "url": upstream.url,
        "key": document["OPENAI_API_KEYS"][1],
        "config": {"headers": {"X-Secret-Token": HIDDEN}},
    }
    assert root.post("/openai/verify", json=form).status_code == 200
    sent = {each.header("X-Secret-Token") for each in upstream.requests[asked:]}
    assert HEADER_SECRET in sent


def test_file_takes_nothing_along(gateway, root, upstream, thief):
    entry = {"name": "moving", "prefix_id": "moving", "model_ids": ["m"]}
    secret = entry | {"keys": [UPSTREAM_KEY], "headers": {"X-Secret-Token": HEADER_SECRET}}
    gateway.configure(connections=[secret | {"base_url": upstream.url}])
    try:
        hidden = entry | {"base_url": thief.url, "headers": {"X-Secret-Token": HIDDEN}}
        done = gateway.manage(*gateway.import_of(connections=[hidden]), check=False)
        assert done.returncode != 0
        assert "belong to another base URL" in done.stderr
        gateway.configure(connections=[entry | {"base_url": thief.url}])
        wait_until(lambda: _is_answered_by(root, thief), what="the move")
        assert not is_stolen(thief)
    finally:
        remove = (
            "from connections.models import Connection; "
            "Connection.objects.get(name='moving').delete()"
        )
        gateway.manage("shell", "-v0", "-c", remove)


def _is_answered_by(root, thief):
    return root.post(CHAT, json=chat_body("moving.m")).is_success and bool(thief.calls)
