"""What crosses the gateway, both ways, is on a list; everything else stays where it is."""

import pytest

from tests.security.canaries import HEADER_SECRET, UPSTREAM_KEY
from tests.support.api import CHAT, HELLO, chat_body
from tests.support.responders import chunk, head, json_response, raw

pytestmark = pytest.mark.acceptance

SENT_UPSTREAM = {
    "host",
    "content-type",
    "content-length",
    "accept",
    "accept-encoding",
    "user-agent",
    "authorization",
    "x-gateway-hops",
}
SENT_BY_A_CLIENT = {
    "Cookie": "sessionid=of-the-client",
    "Proxy-Authorization": "Basic Z2F0ZTp3YXk=",
    "OpenAI-Organization": "org-client",
    "OpenAI-Project": "proj-client",
    "Forwarded": "for=10.9.8.7",
    "X-Forwarded-For": "10.9.8.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Real-IP": "10.9.8.7",
    "Origin": "https://evil.example",
    "Referer": "https://evil.example/",
    "X-CSRFToken": "of-the-client",
    "X-Request-ID": "of-the-client",
    "X-Hop": "named in Connection",
    "Connection": "keep-alive, X-Hop",
    "TE": "trailers",
    "Accept-Encoding": "gzip, br",
    "User-Agent": "client/1.0",
    "X-OpenWebUI-User-Role": "admin",
    "Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
SENT_BY_AN_UPSTREAM = {
    "Set-Cookie": "account=upstream; Path=/",
    "Server": "scripted/1.0",
    "Via": "1.1 scripted",
    "X-Powered-By": "scripted",
    "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
    "Location": "http://evil.example/",
    "WWW-Authenticate": "Basic",
    "Strict-Transport-Security": "max-age=1",
    "Content-Security-Policy": "default-src *",
    "Access-Control-Allow-Origin": "*",
    "Alt-Svc": "h3=evil",
    "OpenAI-Organization": "org-of-the-gateway",
    "OpenAI-Project": "proj-of-the-gateway",
    "CF-Ray": "1234",
    "X-Amz-Id-2": "1234",
    "X-Ms-Region": "Sweden Central",
    "X-RateLimit-Remaining-Tokens": "149984",
    "X-RateLimit-Limit-Requests": "10000",
    "X-Request-ID": "req_of_the_upstream",
    "Cache-Control": "public, max-age=3600",
    "OpenAI-Processing-Ms": "42",
    "OpenAI-Version": "2020-10-01",
}
ON_EVERY_ANSWER = {
    "date",
    "content-type",
    "x-request-id",
    "cache-control",
    "x-content-type-options",
}
PASSED_ON = {"openai-processing-ms", "openai-version"}


def names(headers):
    return {name.lower() for name, _value in headers}


@pytest.mark.parametrize("stream", [False, True])
def test_the_upstream_gets_these_headers_and_no_other(alice, upstream, keys, stream):
    alice.post(CHAT, json=chat_body("open", stream=stream), headers=SENT_BY_A_CLIENT)
    call = upstream.calls[-1]
    assert names(call.headers) == SENT_UPSTREAM
    assert len(call.headers) == len(SENT_UPSTREAM)
    assert call.header("Authorization") == f"Bearer {UPSTREAM_KEY}"
    assert call.header("Host") == f"127.0.0.1:{upstream.port}"
    assert call.header("User-Agent") == "gatehouse"
    assert call.header("Accept-Encoding") == "identity"
    assert keys["alice"] not in str(call)


@pytest.mark.parametrize("name", ["api-key", "x-api-key"])
def test_no_spelling_of_the_clients_key_goes_upstream(alice, upstream, keys, name):
    del alice.headers["Authorization"]
    assert alice.post(CHAT, json=chat_body("open"), headers={name: keys["alice"]}).is_success
    assert names(upstream.calls[-1].headers) == SENT_UPSTREAM
    assert keys["alice"] not in str(upstream.calls[-1])


def test_an_admins_own_headers_go_upstream(root, upstream):
    root.post(CHAT, json=chat_body("lab.open"))
    assert names(upstream.calls[-1].headers) == SENT_UPSTREAM | {"x-secret-token"}
    assert upstream.calls[-1].header("X-Secret-Token") == HEADER_SECRET


def test_a_client_gets_these_headers_and_no_other(alice, upstream):
    upstream.on("POST", CHAT, json_response({"choices": []}, headers=SENT_BY_AN_UPSTREAM))
    answer = alice.post(CHAT, json=chat_body("open"))
    assert names(answer.headers.multi_items()) == ON_EVERY_ANSWER | PASSED_ON | {"content-length"}
    assert answer.headers["x-request-id"] != SENT_BY_AN_UPSTREAM["X-Request-ID"]
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["date"] != SENT_BY_AN_UPSTREAM["Date"]


def test_a_stream_gets_these_headers_and_no_other(alice, upstream):
    fields = {"content_type": "text/event-stream", "transfer_encoding": "chunked"}
    begin = head(**fields, **SENT_BY_AN_UPSTREAM)
    upstream.on("POST", CHAT, raw(begin + chunk(b"data: [DONE]\n\n") + chunk(b"")))
    answer = alice.post(CHAT, json=chat_body("open", stream=True))
    extra = {"x-accel-buffering", "transfer-encoding"}
    assert names(answer.headers.multi_items()) == ON_EVERY_ANSWER | PASSED_ON | extra


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_an_error_gets_these_headers_and_no_other(carol, upstream, limited_model, status):
    headers = SENT_BY_AN_UPSTREAM | {"Retry-After": "7", "X-Should-Retry": "maybe"}
    upstream.on("POST", CHAT, json_response({"error": {}}, status, headers))
    answer = carol.post(CHAT, json=chat_body(limited_model()))
    assert answer.headers.get("x-should-retry") in {"true", "false", None}  # the gateway's own
    seen = names(answer.headers.multi_items()) - {"retry-after", "x-should-retry"}
    assert seen == ON_EVERY_ANSWER | {"content-length"}


def test_a_cookie_of_one_call_is_absent_on_the_next(alice, root, upstream):
    cookie = {"Set-Cookie": "account=alice; Path=/"}
    upstream.on("POST", CHAT, json_response({"choices": []}, headers=cookie))
    for client in (alice, alice, root):
        assert client.post(CHAT, json=chat_body("open")).is_success
        assert upstream.calls[-1].header("Cookie") is None


def test_a_client_cannot_choose_the_host_the_path_or_the_key(alice, upstream):
    elsewhere = {"api_base": "http://evil.example", "base_url": "http://evil.example"}
    body = chat_body("open", **elsewhere, api_key="sk-other", extra_headers={"Host": "evil"})
    assert alice.post(f"{CHAT}?url=http://evil.example/&api-version=x", json=body).is_success
    call = upstream.calls[-1]
    assert call.target == CHAT
    assert call.header("Authorization") == f"Bearer {UPSTREAM_KEY}"
    assert call.json["messages"] == HELLO


@pytest.mark.parametrize(("path", "passes"), [(CHAT, {"openai-beta"}), ("/v1/messages", set())])
def test_betas_are_asked_for_where_they_mean_something(alice, upstream, path, passes):
    betas = {"OpenAI-Beta": "a=v1", "Anthropic-Beta": "b", "Anthropic-Version": "2023-06-01"}
    body = chat_body("open", max_tokens=9)
    assert alice.post(path, json=body, headers=betas).is_success
    assert names(upstream.calls[-1].headers) == SENT_UPSTREAM | passes


@pytest.mark.parametrize("value", ["\u00e9", "a\tb", "x" * 1001])
def test_a_beta_that_is_no_plain_text_is_refused(alice, upstream, value):
    before = len(upstream.calls)
    headers = {"OpenAI-Beta": value.encode("latin-1")}
    answer = alice.post(CHAT, json=chat_body("open"), headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "openai-beta")
    assert len(upstream.calls) == before


def test_an_underscore_is_no_hyphen(alice, upstream):
    headers = {"OpenAI_Organization": "org-client", "X_Forwarded_For": "10.9.8.7"}
    assert alice.post(CHAT, json=chat_body("open"), headers=headers).is_success
    assert names(upstream.calls[-1].headers) == SENT_UPSTREAM
