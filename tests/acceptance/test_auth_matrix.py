"""Each way to sign requests, in each kind of call: what the upstream received, to the header.

A row is a connection and somebody who calls it, a column a kind of call. A new strategy is one
entry of ``ROWS``; a new kind of call is one function in ``COLUMNS``, which makes it, names the path
it leads to, and tells the code of the error that it got, if it got one.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosedOK, InvalidStatus

from tests.support.api import chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway, live_gateway
from tests.support.oidc.provider import Browser, Provider
from tests.support.processes import PATIENCE_SECONDS
from tests.support.responders import (
    Exchange,
    RecordedRequest,
    complete_chat,
    head,
    json_response,
    list_models,
    raw,
)
from tests.support.sockets import heard_to_the_end, open_socket, say
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

UPSTREAM_KEY = "sk-upstream-0123456789abcdef"
ENTRA_TOKEN = "entra-token-0123456789abcdef"
COOKIES = "theme=dark; sessionid=of-the-gateway; tracker=1; csrftoken=of-the-gateway"
PASSED_COOKIES = "theme=dark; tracker=1"
CREDENTIAL_HEADERS = ("authorization", "api-key", "x-api-key", "cookie", "proxy-authorization")
CALLERS = "<what the caller presented>"
STORED = "<the stored token of the caller's sign-in>"
ROOT, ADA = "root", "ada"  # ada has signed in with the provider, root never has

Headers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``sends`` are the credential's headers; None where nothing may reach the upstream.

    ``asks`` is the same for what the gateway asks by itself, for no caller. ``refusal`` is the code
    that the caller is told. ``config`` says of the connection what its verification has to know.
    """

    connection: dict[str, Any] = field(default_factory=dict)
    sends: Headers | None
    asks: Headers | None
    caller: str = ROOT
    refusal: str = ""
    base: str = "v1"
    config: dict[str, Any] = field(default_factory=dict)


def own(headers: Headers, **connection: Any) -> Row:
    """A connection with a credential of its own, the same for every caller."""
    return Row(connection=connection, sends=headers, asks=headers)


BEARER = {"authorization": f"Bearer {UPSTREAM_KEY}"}
ENTRA = {"authorization": f"Bearer {ENTRA_TOKEN}"}
STATIC = {"model_ids": ["gpt-4o"]}
ROWS = {
    "bearer": own(BEARER, keys=[UPSTREAM_KEY]),
    "none": own({}, keys=[UPSTREAM_KEY]),
    "azure_ad": own(ENTRA),
    "microsoft_entra_id": own(ENTRA),
    "session": Row(connection=STATIC, sends={"authorization": f"Bearer {CALLERS}"}, asks=None),
    "session+cookies": Row(
        connection=STATIC | {"forward_cookies": True},
        sends={"authorization": f"Bearer {CALLERS}", "cookie": PASSED_COOKIES},
        asks=None,
    ),
    "system_oauth": Row(
        connection=STATIC,
        sends={"authorization": f"Bearer {STORED}"},
        asks=None,
        caller=ADA,
    ),
    "system_oauth+cookies": Row(
        connection=STATIC | {"forward_cookies": True},
        sends={"authorization": f"Bearer {STORED}", "cookie": PASSED_COOKIES},
        asks=None,
        caller=ADA,
    ),
    "system_oauth+stranger": Row(
        connection=STATIC, sends=None, asks=None, refusal="upstream_auth_unavailable"
    ),
    "bearer+azure": Row(
        connection=STATIC | {"provider": "azure", "keys": [UPSTREAM_KEY]},
        sends={"api-key": UPSTREAM_KEY},
        asks={"api-key": UPSTREAM_KEY},
        base="openai/v1",
        config={"azure": True},
    ),
}
ALLOWED = [name for name, row in ROWS.items() if row.sends is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A row, set up: ``root`` is that of the upstream, ``client`` and ``key`` are the caller's."""

    gateway: LiveGateway
    root: str
    name: str
    key: str
    client: httpx.Client
    origin: str = ""

    @property
    def socket_options(self) -> dict[str, Any]:
        headers = {"Origin": self.origin} if self.origin else {}
        return {"additional_headers": headers | {"Cookie": COOKIES}}

    @property
    def model(self) -> str:
        return f"{self.name}.gpt-4o"

    @property
    def url(self) -> str:
        return f"{self.root}/{self.name}/{ROWS[self.name].base}"

    def post(self, path: str, body: dict[str, Any]) -> str:
        """The code of the error, if any."""
        answer = self.client.post(path, json=body)
        return "" if answer.is_success else str(answer.json()["error"]["code"])


class Column(Protocol):
    """Makes a call; the path it leads to, and the code of the error it got."""

    def __call__(self, place: Place) -> tuple[str, str]: ...


def chat(place: Place) -> tuple[str, str]:
    return "chat/completions", place.post("/v1/chat/completions", chat_body(place.model))


def stream(place: Place) -> tuple[str, str]:
    body = chat_body(place.model, stream=True)
    return "chat/completions", place.post("/v1/chat/completions", body)


def speech(place: Place) -> tuple[str, str]:
    words = str(uuid.uuid4())  # what was said before would come from the cache
    body = {"model": place.model, "input": words, "voice": "alloy"}
    return "audio/speech", place.post("/v1/audio/speech", body)


def verification(place: Place) -> tuple[str, str]:
    config = {"auth_type": place.name.partition("+")[0]} | ROWS[place.name].config
    form = {"url": place.url, "key": UPSTREAM_KEY, "config": config}
    return "models", place.post("/openai/verify", form)


def chat_socket(place: Place) -> tuple[str, str]:
    with open_socket(place.gateway, place.key, **place.socket_options) as socket:
        say(socket, chat_body(place.model, request_id="a"))
        last = heard_to_the_end(socket, "a")["a"][-1]
    return "chat/completions", last["error"]["code"] if last["type"] == "error" else ""


def realtime_socket(place: Place) -> tuple[str, str]:
    path = f"/v1/realtime?{urlencode({'model': place.model})}"
    try:
        with (
            open_socket(place.gateway, place.key, path, **place.socket_options) as socket,
            pytest.raises(ConnectionClosedOK),
        ):
            socket.recv(timeout=PATIENCE_SECONDS)
    except InvalidStatus as refused:
        return "realtime", orjson.loads(refused.response.body)["error"]["code"]
    return "realtime", ""


COLUMNS: dict[str, Column] = {
    "chat": chat,
    "stream": stream,
    "speech": speech,
    "verify": verification,
    "WebSocket": chat_socket,
    "realtime": realtime_socket,
}


@pytest.fixture(scope="module")
def identity() -> Iterator[ScriptedUpstream]:
    """App Service's managed identity, as a process on App Service finds it."""
    with ScriptedUpstream() as server:
        server.on("GET", "/token", json_response(TOKEN_ANSWER))
        yield server


TOKEN_ANSWER = {
    "access_token": ENTRA_TOKEN,
    "expires_on": "4102444800",
    "resource": "https://cognitiveservices.azure.com",
    "token_type": "Bearer",
}


async def open_and_close(exchange: Exchange) -> None:
    """Agree to a WebSocket, and close it."""
    key = (exchange.request.header("sec-websocket-key") or "") + WEBSOCKET_GUID
    accept = base64.b64encode(hashlib.sha1(key.encode(), usedforsecurity=False).digest()).decode()
    fields = {"upgrade": "websocket", "connection": "Upgrade", "sec_websocket_accept": accept}
    await raw(head(101, **fields) + CLOSE_FRAME)(exchange)


WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE_FRAME = b"\x88\x02\x03\xe8"


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("gpt-4o",)) as server:
        server.on("GET", "/*/models", list_models)
        server.on("POST", "/*/chat/completions", complete_chat)
        server.on(
            "POST",
            "/*/audio/speech",
            raw(head(content_type="audio/mpeg", content_length=2) + b"hi"),
        )
        server.on("GET", "/*/realtime", open_and_close)
        yield server


@pytest.fixture(scope="module")
def root(upstream: ScriptedUpstream) -> str:
    return upstream.url.removesuffix("/v1")


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, identity, provider, root) -> Iterator[LiveGateway]:
    environment = {
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity.port}/token",
        "IDENTITY_HEADER": "app-service-secret",
        "GATEWAY_IDENTITY_HOSTS": "http://127.0.0.1:*",
        "OIDC_NEW_USERS": "active",
    } | provider.environment
    directory = tmp_path_factory.mktemp("matrix")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        provider.accept(gateway.url)
        gateway.configure(
            connections=[
                {
                    "name": name.replace("+", "-"),
                    "base_url": f"{root}/{name}/{row.base}",
                    "auth_type": name.partition("+")[0],
                    "prefix_id": name,
                    **row.connection,
                }
                for name, row in ROWS.items()
            ]
        )
        yield gateway


@pytest.fixture(scope="module")
def stored_token(gateway: LiveGateway, provider: Provider) -> str:
    """What the provider gave when ada signed in."""
    provider.person(ADA)
    browser = Browser(gateway.url)
    assert browser.sign_in(provider, ADA).status_code == httpx.codes.FOUND
    browser.http.close()
    script = (
        "from accounts.models.oauth_tokens import OAuthToken; "
        "print(OAuthToken.objects.get().reveal().access)"
    )
    return gateway.manage("shell", "-v0", "-c", script).stdout.strip()


@pytest.fixture(scope="module")
def keys(gateway: LiveGateway, stored_token: str) -> dict[str, str]:
    return {user: gateway.api_key(user, is_admin=True) for user in (ROOT, ADA)}


@pytest.fixture(scope="module")
def clients(gateway: LiveGateway, keys: dict[str, str]) -> Iterator[dict[str, httpx.Client]]:
    clients = {user: client_of(gateway, key) for user, key in keys.items()}
    for client in clients.values():
        client.headers["Cookie"] = COOKIES
        wait_for_models(client, *(f"{name}.gpt-4o" for name in ROWS))
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def place(gateway, root, keys, clients, upstream, name: str) -> Place:
    caller = ROWS[name].caller
    upstream.requests.clear()
    return Place(gateway=gateway, root=root, name=name, key=keys[caller], client=clients[caller])


def received(upstream: ScriptedUpstream, row: str, path: str) -> list[RecordedRequest]:
    target = f"/{row}/{ROWS[row].base}/{path}"
    return [each for each in upstream.requests if each.target.partition("?")[0] == target]


@pytest.fixture
def credentials_in(keys: dict[str, str], stored_token: str) -> Callable[[RecordedRequest], Headers]:
    """A request's headers with credentials, in which those of the caller are named."""
    named = dict.fromkeys(keys.values(), CALLERS) | {stored_token: STORED}

    def found_in(request: RecordedRequest) -> Headers:
        found = {name: request.header(name) for name in CREDENTIAL_HEADERS}
        headers = {name: value for name, value in found.items() if value is not None}
        for secret, name in named.items():
            headers = {k: v.replace(secret, name) for k, v in headers.items()}
        return headers

    return found_in


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", ROWS)
def test_upstream_receives_the_credential_it_should_and_no_other(
    upstream: ScriptedUpstream, credentials_in, place: Place, name: str, column: str
) -> None:
    row = ROWS[name]
    sends, refusal = row.sends, row.refusal
    if column == "verify":  # what is verified is not saved, nor for cookies
        sends = sends and {name: text for name, text in sends.items() if name != "cookie"}
        refusal = refusal and "verification_failed"

    path, code = COLUMNS[column](place)

    requests = received(upstream, name, path)
    found = [credentials_in(each) for each in requests]
    if column == "verify" and found == found[:1] * len(found):
        found = found[:1]  # the gateway may ask for the same list by itself meanwhile
    assert found == ([] if sends is None else [sends])
    assert code == refusal
    if CALLERS not in str(sends):
        assert not [each for each in requests if place.key in str(each.headers)]


@pytest.fixture(scope="module")
def asked(gateway: LiveGateway, upstream: ScriptedUpstream, clients) -> list[RecordedRequest]:
    """What the gateway asks of its upstreams by itself."""
    upstream.requests.clear()
    gateway.manage("verify_connection", "--all", check=False)
    return list(upstream.requests)


@pytest.mark.parametrize("name", ROWS)
def test_list_is_asked_for_with_the_connections_own_credential(
    asked: list[RecordedRequest], credentials_in, name: str
) -> None:
    target, asks = f"/{name}/{ROWS[name].base}/models", ROWS[name].asks

    found = [credentials_in(request) for request in asked if request.target == target]

    assert found == ([] if asks is None else [asks] * len(found))
    assert bool(found) == (asks is not None)


@pytest.mark.parametrize("name", ALLOWED)
def test_no_other_header_goes_upstream(upstream: ScriptedUpstream, place: Place, name: str) -> None:
    chat(place)

    [request] = received(upstream, name, "chat/completions")
    names = {header.lower() for header, _ in request.headers} - set(CREDENTIAL_HEADERS)
    expected = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}
    assert names == expected


@pytest.mark.parametrize("name", ALLOWED)
def test_no_error_message_repeats_the_credential(
    upstream: ScriptedUpstream, place: Place, name: str, stored_token: str
) -> None:
    """Not even the caller's stored token, which a key alone does not give them."""
    upstream.on("POST", f"/{name}/*/chat/completions", quote_the_credential)

    answer = place.client.post("/v1/chat/completions", json=chat_body(place.model))

    upstream.on("POST", f"/{name}/*/chat/completions", complete_chat)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "is not for me" in answer.text
    for secret in (UPSTREAM_KEY, ENTRA_TOKEN, stored_token, place.key):
        assert secret not in answer.text


async def quote_the_credential(exchange: Exchange) -> None:
    sent = exchange.request.header("authorization") or exchange.request.header("api-key")
    error = {"error": {"message": f"{sent} is not for me"}}
    await json_response(error, status=httpx.codes.BAD_REQUEST)(exchange)


@pytest.mark.parametrize("name", ["session+cookies"])
@pytest.mark.parametrize("column", ["WebSocket", "realtime"])
def test_the_socket_of_a_foreign_page_brings_no_cookie_along(
    upstream: ScriptedUpstream, place: Place, name: str, column: str
) -> None:
    """Browsers send cookies along with any page's socket, whose key may be anybody's."""
    path, _ = COLUMNS[column](replace(place, origin="https://evil.example"))

    [request] = received(upstream, name, path)
    assert request.header("cookie") is None


def test_every_token_request_was_made_as_app_service_wants_it(
    asked: list[RecordedRequest], identity: ScriptedUpstream
) -> None:
    assert identity.requests
    for request in identity.requests:
        assert request.header("X-IDENTITY-HEADER") == "app-service-secret"
        assert "resource=https" in request.target
        assert "cognitiveservices.azure.com" in request.target
