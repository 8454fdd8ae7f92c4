"""The pass-through route: off unless switched on, for superusers, and never to another host."""

import json

import httpx
import pytest

from tests.security.canaries import UPSTREAM_KEY
from tests.support.api import client_of, wait_for_models
from tests.support.live import ADMIN_OPTIONS
from tests.support.responders import chunk, hang, head, json_response, raw
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

BASE = "/openai/passthrough/scripted"
SSE = b"data: {}\n\n"


@pytest.fixture(scope="module")
def serving(stores, tmp_path_factory):
    """A gateway that has it, and its upstream."""
    from tests.support.live import live_gateway
    from tests.support.stores import BACKINGS

    directory = tmp_path_factory.mktemp("passthrough")
    with (
        ScriptedUpstream(models=("gpt-4o",)) as upstream,
        live_gateway(stores, BACKINGS[0], directory, GATEWAY_PASSTHROUGH="true") as gateway,
    ):
        upstream.on("GET", "/v1/files*", json_response({"data": []}))
        upstream.on("POST", "/v1/fine_tuning/jobs", json_response({"id": "ftjob-1"}))
        connection = {"name": "scripted", "base_url": upstream.url, "keys": [UPSTREAM_KEY]}
        gateway.configure(connections=[connection])
        yield gateway, upstream


@pytest.fixture(scope="module")
def passthrough(serving):
    """The upstream, and clients of a superuser and of a user."""
    gateway, upstream = serving
    root = gateway.api_key("root", is_admin=True)
    with client_of(gateway, root) as root, client_of(gateway, gateway.api_key("a")) as alice:
        wait_for_models(root, "gpt-4o")
        yield upstream, root, alice


@pytest.fixture
def narrowed(serving, passthrough):
    """A client with a superuser's key that is for one model."""
    gateway, _upstream = serving
    made = gateway.manage("create_api_key", "root", *ADMIN_OPTIONS, "--model", "gpt-4o", "--json")
    with client_of(gateway, json.loads(made.stdout)["key"]) as client:
        yield client


def asked(upstream):
    return [r.target for r in upstream.requests if not r.target.startswith("/v1/models")]


def test_it_is_off_unless_switched_on(root, alice):
    assert root.get(f"{BASE}/files").status_code == 404
    assert alice.get(f"{BASE}/files").status_code == 403


def test_it_is_not_for_users(passthrough):
    upstream, _root, alice = passthrough
    before = asked(upstream)
    assert alice.get(f"{BASE}/files").status_code == 403
    assert alice.post(f"{BASE}/fine_tuning/jobs", json={}).status_code == 403
    assert asked(upstream) == before


def test_it_is_not_for_a_key_that_is_narrowed_to_models(passthrough, narrowed):
    upstream, _root, _alice = passthrough
    before = asked(upstream)
    body = {"model": "gpt-4o", "messages": []}
    assert "narrowed to models" in narrowed.get(f"{BASE}/files").text
    assert narrowed.post(f"{BASE}/chat/completions", json=body).status_code == 403
    assert asked(upstream) == before


def test_a_path_below_the_base_url(passthrough):
    upstream, root, _alice = passthrough
    answer = root.get(f"{BASE}/files?purpose=a%26b", headers={"Cookie": "a=b"})
    assert answer.json() == {"data": []}
    call = upstream.requests[-1]
    assert call.target == "/v1/files?purpose=a%26b"
    assert (call.header("Authorization"), call.header("Cookie")) == (f"Bearer {UPSTREAM_KEY}", None)


def test_a_body_goes_as_it_is(passthrough):
    upstream, root, _alice = passthrough
    body = {"model": "gpt-4o", "training_file": "file-1", "seed": None}
    assert root.post(f"{BASE}/fine_tuning/jobs", json=body).json() == {"id": "ftjob-1"}
    assert upstream.calls[-1].json == body


def test_an_event_stream_comes_as_it_is(passthrough):
    upstream, root, _alice = passthrough
    begin = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
    upstream.on("GET", "/v1/events", raw(begin + b"Content-Length: %d\r\n\r\n" % len(SSE) + SSE))
    answer = root.get(f"{BASE}/events")
    assert (answer.content, answer.headers["content-type"][:17]) == (SSE, "text/event-stream")


def test_what_a_browser_might_run_is_plain_text(passthrough):
    upstream, root, _alice = passthrough
    html = json_response("<script>", headers={"content_type": "text/html"})
    upstream.on("GET", "/v1/page", html)
    answer = root.get(f"{BASE}/page")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2fadmin",
        "files/%2e%2e/%2e%2e/admin",
        "%252e%252e/admin",
        "files%5c..%5cadmin",
        "files%3fa=b",
        "files%23",
        "files;a=b",
        "%00",
        "files%0d%0aX-Injected:%201",
        "files/",
        "%40evil.example/",
    ],
)
def test_a_path_that_would_leave_the_base_url_reaches_no_upstream(passthrough, path):
    upstream, root, _alice = passthrough
    before = asked(upstream)
    answer = root.get(f"{BASE}/{path}")
    assert answer.status_code in {400, 404}
    assert asked(upstream) == before


@pytest.mark.parametrize(
    "connection", ["nobody", "http:%2f%2fevil.example", "scripted@evil.example", ".."]
)
def test_only_connections_there_are_can_be_named(passthrough, connection):
    upstream, root, _alice = passthrough
    before = asked(upstream)
    assert root.get(f"/openai/passthrough/{connection}/files").status_code == 404
    assert asked(upstream) == before


@pytest.mark.parametrize("before", [b"", head(content_type="text/event-stream") + SSE])
def test_a_call_without_a_body_ends_when_its_client_leaves(passthrough, before):
    upstream, root, _alice = passthrough
    upstream.on("GET", "/v1/silent", hang(before))
    gone = upstream.disconnects
    with pytest.raises(httpx.ReadTimeout), root.stream("GET", f"{BASE}/silent", timeout=1) as got:
        got.read()
    assert upstream.wait_for_disconnect(count=gone + 1)


def test_a_stream_is_cut_when_its_caller_is_a_superuser_no_longer(serving, passthrough):
    """And not before, though the key is for nothing but administration."""
    gateway, upstream = serving
    begun = head(content_type="text/event-stream", transfer_encoding="chunked") + chunk(SSE)
    upstream.on("POST", "/v1/hanging", hang(begun))
    gone = upstream.disconnects
    made = ("create_api_key", "eve", "--create-user", "--superuser", "--scope", "admin", "--json")
    key = json.loads(gateway.manage(*made).stdout)["key"]
    with (
        client_of(gateway, key, timeout=4) as eve,
        eve.stream("POST", f"{BASE}/hanging", json={}) as answer,
    ):
        parts = answer.iter_raw()
        assert next(parts) == SSE
        with pytest.raises(httpx.ReadTimeout):  # longer than from one look to the next
            next(parts)
    assert upstream.wait_for_disconnect(count=gone + 1)
    with (
        client_of(gateway, key) as eve,
        eve.stream("POST", f"{BASE}/hanging", json={}) as answer,
    ):
        parts = answer.iter_raw()
        assert next(parts) == SSE
        demote = "from accounts.models import User; eve = User.objects.get(username='eve');"
        demote += "eve.is_superuser = False; eve.save()"
        gateway.manage("shell", "--no-imports", "-c", demote)
        assert upstream.wait_for_disconnect(count=gone + 2)
