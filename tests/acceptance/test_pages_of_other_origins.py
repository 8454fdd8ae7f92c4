"""Pages of other origins in a browser: an allowed one reads the API, and no other does."""

import json
import threading

import pytest
from playwright.sync_api import sync_playwright

from tests.support import parts
from tests.support.api import CHAT, HELLO, client_of, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import chunk, complete_chat, event, head, raw, when_told
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

PAGE = b"<!doctype html><title>A page</title>"
ASK = """async ([url, headers, body]) => {
    const method = body === null ? "GET" : "POST";
    try {
        window.response = await fetch(url, { method, headers, body });
    } catch (error) {
        return { error: error.name };
    }
    window.reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    return { status: response.status, headers: Object.fromEntries(response.headers) };
}"""
READ = "async () => (await reader.read()).value"
READ_ALL = """async () => {
    let text = "";
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return text;
        text += value;
    }
}"""


@pytest.fixture(scope="module")
def sites():
    """Two sites with a page each; only the first may read what the gateway says."""
    with ScriptedUpstream() as allowed, ScriptedUpstream() as foreign:
        for site in (allowed, foreign):
            page = head(content_type="text/html", content_length=len(PAGE)) + PAGE
            site.on("GET", "/page", raw(page))
        yield allowed, foreign


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("m",)) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def gateway(stores, sites, tmp_path_factory):
    directory, origin = tmp_path_factory.mktemp("gateway"), origin_of(sites[0])
    with live_gateway(stores, BACKINGS[0], directory, GATEWAY_CORS_ORIGINS=origin) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def key(gateway, upstream):
    connection = {"name": "one", "base_url": upstream.url, "keys": ["sk-up"]}
    grants = [{"models": ["*"], "everyone": True}]
    key = gateway.configured_for("ada", connections=[connection], grants=grants)
    with client_of(gateway, key) as client:
        wait_for_models(client, "m")
    return key


@pytest.fixture(scope="module")
def browser():
    path = parts.require("Chromium", parts.chromium()).address
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, gateway, sites):
    """``visit(site)``: a function with which a page of the site asks the gateway."""
    pages = []

    def visit(site):
        page = browser.new_page()
        pages.append(page)
        page.goto(f"{origin_of(site)}/page")

        def ask(path, body=None, **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            sent = None if body is None else json.dumps(body)
            return page, page.evaluate(ASK, [f"{gateway.url}{path}", named, sent])

        return ask

    yield visit
    for page in pages:
        page.close()


def origin_of(site):
    return f"http://127.0.0.1:{site.port}"


def test_an_allowed_page_lists_the_models(visit, sites, key):
    page, answer = visit(sites[0])("/v1/models", authorization=f"Bearer {key}")
    assert answer["status"] == 200
    assert answer["headers"]["x-request-id"].startswith("req_")
    listed = json.loads(page.evaluate(READ_ALL))
    assert [model["id"] for model in listed["data"]] == ["m"]


def test_an_allowed_page_reads_a_stream_while_it_comes(visit, sites, upstream, key):
    first, rest = (event({"choices": [{"index": 0, "delta": {"content": t}}]}) for t in "ab")
    begun = head(content_type="text/event-stream", transfer_encoding="chunked") + first
    told = threading.Event()
    ended = rest + event("[DONE]") + chunk(b"")
    upstream.on("POST", CHAT, when_told(told, begun, ended))
    body = {"model": "m", "input": "Hello", "stream": True, "truncation": "auto"}
    headers = {"content_type": "application/json", "x_gateway_resumable": "true"}
    page, answer = visit(sites[0])(CHAT, body, authorization=f"Bearer {key}", **headers)
    assert answer["status"] == 200, page.evaluate(READ_ALL)
    assert answer["headers"]["x-request-id"].startswith("req_")
    assert answer["headers"]["x-gateway-resumable"] == "true"
    assert answer["headers"]["x-gateway-dropped-params"] == "truncation"
    try:
        assert '"a"' in page.evaluate(READ)
    finally:
        told.set()
    assert page.evaluate(READ_ALL).endswith("data: [DONE]\n\n")


def test_an_allowed_page_reads_errors(visit, sites):
    page, answer = visit(sites[0])("/v1/models", authorization="Bearer sk-gw-unknown")
    assert answer["status"] == 401
    assert answer["headers"]["x-request-id"].startswith("req_")
    assert json.loads(page.evaluate(READ_ALL))["error"]["code"] == "invalid_api_key"


def test_the_browser_keeps_everything_from_a_page_of_another_origin(visit, sites, upstream, key):
    upstream.on("POST", CHAT, complete_chat)
    before = len(upstream.calls)
    ask, bearer = visit(sites[1]), {"authorization": f"Bearer {key}"}
    body = {"model": "m", "messages": HELLO, "stream": True}
    asked = [
        ask("/v1/models", **bearer),
        ask(CHAT, body, **bearer, content_type="application/json"),
        ask("/v1/models"),  # which a browser sends without asking first
        ask(CHAT, body, content_type="text/plain"),
    ]
    assert [answer for _, answer in asked] == [{"error": "TypeError"}] * len(asked)
    assert [call for call in upstream.calls[before:] if call.method == "POST"] == []
