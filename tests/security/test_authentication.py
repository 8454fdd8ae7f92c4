"""Who is let in: the same on every route, however the credential and the URL are written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from accounts import keys as key_format
from tests.security.routes import METHODS, routes_of
from tests.support.api import CHAT, chat_body, exchange, listed, request_bytes
from tests.support.plain_http import PLAIN_HTTP
from tests.support.sockets import heard, open_socket, say

pytestmark = pytest.mark.acceptance

API_ROUTES = routes_of("gateway_project.api_urls")
SITE_ROUTES = routes_of("gateway_project.urls")
STAFF_PATHS = {
    "/openai/config",
    "/openai/config/update",
    "/openai/verify",
    "/openai/models/1",
    "/openai/passthrough/open/open",
}
STAFF_ROUTES = [route for route in API_ROUTES if route.path in STAFF_PATHS]
# What anyone may see without signing in.
PUBLIC = {"/", "/accounts/login/", "/accounts/oidc/cancelled/"}
REFUSED = {301, 302, 401, 404, 405}

CREDENTIALS = [
    b"",
    b"Bearer",
    b"Bearer ",
    b"Bearer null",
    b"Bearer ' OR '1'='1' --",
    b'Bearer "; DROP TABLE accounts_apikey; --',
    b"Bearer %00",
    b"Bearer \xff\xfe\xc3\x28",
    "Bearer schlüssel".encode(),
    b"Bearer sk-gw-" + b"A" * 38,
    b"Bearer " + key_format.generate().encode(),
    b"Bearer " + b"A" * 20_000,
    b"Basic YWxpY2U6c2VjcmV0",
    b"Token " + key_format.generate().encode(),
    b"Bearer a b c",
    b"Bearer {{7*7}}${jndi:ldap://127.0.0.1/a}",
]


def ask(gateway, target, *headers, method="GET"):
    lines = (f"Host: 127.0.0.1:{gateway.port}", "Content-Length: 0", "Connection: close", *headers)
    return exchange(gateway.port, request_bytes(target, *lines, method=method))


def test_the_routes_under_test_are_all_there_are():
    assert len(API_ROUTES) > 10
    assert {"/v1/models", "/v1/models/open", "/openai/config"} <= {r.path for r in API_ROUTES}
    assert {route.path for route in STAFF_ROUTES} == STAFF_PATHS
    assert "/admin/accounts/apikey/add/" in {route.path for route in SITE_ROUTES}


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: route.path)
def test_every_bad_credential_gets_the_same_401(gateway, keys, route):
    answers = {
        (answer.status, answer.body.replace(answer.header("x-request-id").encode(), b"..."))
        for method in route.methods
        for value in CREDENTIALS
        for answer in [ask(gateway, route.path, b"Authorization: " + value, method=method.upper())]
    }
    assert {status for status, _ in answers} == {401}
    assert len(answers) == 1
    assert b"authentication_error" in answers.pop()[1]


@pytest.mark.parametrize("value", [b"Bearer \x00", b"Bearer " + b"A" * 2**20], ids=["NUL", "1 MB"])
def test_a_credential_that_is_no_header_value_is_400(gateway, keys, value):
    """Past the first 64 KB the answer may be lost in the reset of a connection still written to."""
    assert ask(gateway, "/v1/models", b"Authorization: " + value).status in {400, 0}
    assert httpx.get(f"{gateway.url}/livez", **PLAIN_HTTP).status_code == 200


@pytest.mark.parametrize("route", API_ROUTES, ids=lambda route: route.path)
def test_nobody_is_served_by_the_api_without_a_key(nobody, route):
    for method in METHODS:
        answer = nobody.request(method, route.path)
        assert answer.status_code == (401 if method in route.methods else 405)
        if answer.status_code == 405:
            head = {"head"} if "get" in route.methods else set()
            allowed = {*route.methods, *head, "options"}
            assert set(answer.headers["allow"].lower().split(", ")) == allowed


@pytest.mark.parametrize("route", SITE_ROUTES, ids=lambda route: route.path)
def test_nobody_is_served_by_the_site_without_signing_in(nobody, route):
    answer = nobody.get(route.path)
    assert (answer.status_code in REFUSED) == (route.path not in PUBLIC)
    assert nobody.post(route.path).status_code in REFUSED | {403}


@pytest.mark.parametrize("route", STAFF_ROUTES, ids=lambda route: route.path)
def test_administrative_routes_are_for_staff(alice, route):
    for method in route.methods:
        answer = alice.request(method, route.path, json={})
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "permission_denied"


def test_the_stored_digest_opens_nothing(gateway, alice):
    database = Path(gateway.environment["DATA_DIR"]) / "gatehouse.db"
    with closing(sqlite3.connect(database)) as connection:
        digests = [row[0] for row in connection.execute("SELECT digest FROM accounts_apikey")]
    assert len(digests) >= 2
    for digest in digests:
        for key in (digest, f"sk-gw-{digest}", f"sk-gw-{digest[:38]}"):
            answer = alice.get("/v1/models", headers={"Authorization": f"Bearer {key}"})
            assert answer.status_code == 401


def test_a_key_with_the_same_beginning_is_another_key(alice, keys):
    for position in (-1, -7, -12):
        other = list(keys["root"])
        other[position] = "A" if other[position] != "A" else "B"
        answer = alice.get("/v1/models", headers={"Authorization": f"Bearer {''.join(other)}"})
        assert answer.status_code == 401


@pytest.mark.parametrize("name", ["api-key", "x-api-key"])
def test_two_different_credentials_are_refused(alice, keys, name):
    answer = alice.get("/openai/config", headers={name: keys["root"]})
    assert answer.status_code == 401
    assert alice.get("/v1/models", headers={name: keys["alice"]}).status_code == 200


@pytest.mark.parametrize("name", ["Authorization", "api-key", "x-api-key"])
def test_a_key_opens_as_much_wherever_it_stands(nobody, keys, upstream, name):
    upstream.requests.clear()
    key = f"Bearer {keys['alice']}" if name == "Authorization" else keys["alice"]
    nobody.headers[name] = key
    assert listed(nobody) == {"open"}
    assert nobody.get("/openai/config").status_code == 403
    assert nobody.post(CHAT, json=chat_body("secret")).json()["error"]["code"] == "model_not_found"
    assert upstream.calls == []


def test_a_key_in_a_subprotocol_opens_as_much(gateway, keys, upstream):
    upstream.requests.clear()
    subprotocols = [f"openai-insecure-api-key.{keys['alice']}", "realtime"]
    with open_socket(gateway, subprotocols=subprotocols) as socket:
        say(socket, chat_body("secret"))
        assert heard(socket)["error"]["code"] == "model_not_found"
        assert upstream.calls == []
        say(socket, chat_body("open"))
        assert "choices" in heard(socket)["data"]


@pytest.mark.parametrize("first", ["alice", "root"])
def test_a_doubled_authorization_header_is_refused(gateway, keys, first):
    second = {"alice": "root", "root": "alice"}[first]
    lines = [f"Authorization: Bearer {keys[user]}" for user in (first, second)]
    assert ask(gateway, "/openai/config", *lines).status == 401


@pytest.mark.parametrize("name", ["X_API_KEY", "API_KEY", "x_api-key", "AUTHORIZATION_"])
def test_a_header_spelt_with_underscores_is_no_credential(gateway, keys, name):
    assert ask(gateway, "/v1/models", f"{name}: {keys['root']}").status == 401
    own = f"Authorization: Bearer {keys['alice']}"
    assert ask(gateway, "/v1/models", own, f"{name}: {keys['root']}").status == 200
    assert ask(gateway, "/openai/config", own, f"{name}: {keys['root']}").status == 403


@pytest.mark.parametrize(
    "target",
    [
        "//v1/models",
        "///v1///models",
        "/v1/./models",
        "/v1/%6dodels",
        "/%761/models",
        "/v1%2fmodels",
        "/v1/x/../models",
        "/v1/%2e%2e/v1/models",
        "/v1/models/",
        "/v1/models/%2e%2e/models",
        "/v1/models?key=x",
        "/V1/models",
        "/livez/../v1/models",
        "/livez%2f..%2fv1/models",
        "/admin/login/../../v1/models",
        "http://127.0.0.1/v1/models",
        "http://evil.example/v1/models",
        "/v1/models/%00",
        "/v1/models/%ff",
        "/v1/models/open;staff=1",
    ],
)
def test_no_spelling_of_a_url_goes_round_authentication(gateway, keys, target):
    answer = ask(gateway, target)
    assert answer.status in {302, 400, 401, 404}
    assert b'"data"' not in answer.body


@pytest.mark.parametrize(
    "target",
    [
        "/v1/../admin/accounts/user/",
        "/v1/%2e%2e/admin/accounts/user/",
        "//admin/accounts/user/",
        "/%61dmin/accounts/user/",
        "/admin//accounts/user/",
        "/admin/login/../accounts/user/",
        "http://127.0.0.1/admin/accounts/user/",
    ],
)
def test_an_api_key_does_not_open_the_admin(gateway, keys, target):
    answer = ask(gateway, target, f"Authorization: Bearer {keys['root']}")
    assert answer.status in {301, 302, 400, 404}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", "", "[::1"])
@pytest.mark.parametrize("path", ["/v1/models", "/admin/"])
def test_an_unknown_host_is_400(gateway, keys, host, path):
    request = request_bytes(
        path, f"Host: {host}", f"Authorization: Bearer {keys['root']}", "Connection: close"
    )
    assert exchange(gateway.port, request).status == 400


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-For: 127.0.0.1",
        "X_Forwarded_For: 127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "X-Forwarded-User: root",
        "Remote-User: root",
        "X-Original-URL: /livez",
        "X-HTTP-Method-Override: OPTIONS",
        "Forwarded: for=127.0.0.1;host=evil.example",
    ],
)
def test_no_header_changes_who_is_calling_or_what(gateway, keys, header):
    assert ask(gateway, "/openai/config", header).status == 401
    own = f"Authorization: Bearer {keys['alice']}"
    assert ask(gateway, "/openai/config", own, header).status == 403
    assert b"evil" not in ask(gateway, "/", header).body
    assert "evil" not in (ask(gateway, "/", header).header("Location") or "")
