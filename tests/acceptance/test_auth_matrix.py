"""Each way to sign requests, in each kind of call: what the upstream received, to the header.

A row is a connection, a column a kind of call. A new strategy is one entry of ``ROWS``; a new kind
of call is one function in ``COLUMNS``, which makes it and names the path it leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.support.api import chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway, live_gateway
from tests.support.responders import RecordedRequest, complete_chat, json_response, list_models
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

UPSTREAM_KEY = "sk-upstream-0123456789abcdef"
ENTRA_TOKEN = "entra-token-0123456789abcdef"
COOKIES = "theme=dark; sessionid=of-the-gateway; tracker=1; csrftoken=of-the-gateway"
PASSED_COOKIES = "theme=dark; tracker=1"
CREDENTIAL_HEADERS = ("authorization", "api-key", "x-api-key", "cookie", "proxy-authorization")
CALLERS = "<what the caller presented>"

Headers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``sends`` are the credential's headers; None where nothing may reach the upstream.

    ``asks`` is the same for what the gateway asks by itself, for no caller.
    """

    connection: dict[str, Any] = field(default_factory=dict)
    sends: Headers | None
    asks: Headers | None
    refusal: str = ""


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
        connection=STATIC, sends=None, asks=None, refusal="upstream_auth_unavailable"
    ),
}


def chat(client: httpx.Client, row: str, root: str) -> tuple[httpx.Response, str]:
    answer = client.post("/v1/chat/completions", json=chat_body(f"{row}.gpt-4o"))
    return answer, "chat/completions"


def stream(client: httpx.Client, row: str, root: str) -> tuple[httpx.Response, str]:
    body = chat_body(f"{row}.gpt-4o", stream=True)
    return client.post("/v1/chat/completions", json=body), "chat/completions"


def verification(client: httpx.Client, row: str, root: str) -> tuple[httpx.Response, str]:
    form = {
        "url": f"{root}/{row}/v1",
        "key": UPSTREAM_KEY,
        "config": {"auth_type": row.partition("+")[0]},
    }
    return client.post("/openai/verify", json=form), "models"


COLUMNS: dict[str, Callable[..., tuple[httpx.Response, str]]] = {
    "chat": chat,
    "stream": stream,
    "verify": verification,
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


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream(models=("gpt-4o",)) as server:
        server.on("GET", "/*/v1/models", list_models)
        server.on("POST", "/*/v1/chat/completions", complete_chat)
        yield server


@pytest.fixture(scope="module")
def root(upstream: ScriptedUpstream) -> str:
    return upstream.url.removesuffix("/v1")


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, identity, root) -> Iterator[LiveGateway]:
    environment = {
        "IDENTITY_ENDPOINT": f"http://127.0.0.1:{identity.port}/token",
        "IDENTITY_HEADER": "app-service-secret",
    }
    directory = tmp_path_factory.mktemp("matrix")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        gateway.configure(
            connections=[
                {
                    "name": name.replace("+", "-"),
                    "base_url": f"{root}/{name}/v1",
                    "auth_type": name.partition("+")[0],
                    "prefix_id": name,
                    **row.connection,
                }
                for name, row in ROWS.items()
            ]
        )
        yield gateway


@pytest.fixture(scope="module")
def key(gateway: LiveGateway) -> str:
    return gateway.api_key("root", is_staff=True)


@pytest.fixture(scope="module")
def client(gateway: LiveGateway, key: str) -> Iterator[httpx.Client]:
    with client_of(gateway, key, timeout=20) as client:
        client.headers["Cookie"] = COOKIES
        wait_for_models(client, *(f"{name}.gpt-4o" for name in ROWS), seconds=15)
        yield client


def received(upstream: ScriptedUpstream, row: str, path: str) -> list[RecordedRequest]:
    target = f"/{row}/v1/{path}"
    return [request for request in upstream.requests if request.target == target]


def credentials_in(request: RecordedRequest, key: str) -> Headers:
    found = {name: request.header(name) for name in CREDENTIAL_HEADERS}
    return {k: v.replace(key, CALLERS) for k, v in found.items() if v is not None}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("name", ROWS)
def test_upstream_receives_the_credential_it_should_and_no_other(
    client: httpx.Client, upstream: ScriptedUpstream, root: str, key: str, name: str, column: str
) -> None:
    row = ROWS[name]
    sends = row.sends
    if column == "verify" and sends is not None:  # what is verified is not saved, nor for cookies
        sends = {header: value for header, value in sends.items() if header != "cookie"}
    upstream.requests.clear()

    answer, path = COLUMNS[column](client, name, root)

    requests = received(upstream, name, path)
    assert [credentials_in(request, key) for request in requests] == (
        [] if sends is None else [sends]
    )
    assert all(key not in str(request.headers) for request in requests if CALLERS not in str(sends))
    if sends is None and column != "verify":
        assert answer.json()["error"]["code"] == row.refusal
    assert answer.is_success == (sends is not None)


@pytest.mark.parametrize("name", ROWS)
def test_list_is_asked_for_with_the_connections_own_credential(
    gateway: LiveGateway, upstream: ScriptedUpstream, client: httpx.Client, key: str, name: str
) -> None:
    asks = ROWS[name].asks
    upstream.requests.clear()
    gateway.manage("verify_connection", name.replace("+", "-"), check=False)

    found = [credentials_in(request, key) for request in received(upstream, name, "models")]

    assert found == ([] if asks is None else [asks] * len(found))
    assert bool(found) == (asks is not None)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.sends is not None])
def test_no_other_header_goes_upstream(
    client: httpx.Client, upstream: ScriptedUpstream, root: str, name: str
) -> None:
    upstream.requests.clear()
    chat(client, name, root)

    [request] = received(upstream, name, "chat/completions")
    names = {header.lower() for header, _ in request.headers} - set(CREDENTIAL_HEADERS)
    expected = {"host", "accept", "accept-encoding", "user-agent", "content-type", "content-length"}
    assert names == expected


def test_every_token_request_was_made_as_app_service_wants_it(
    client: httpx.Client, identity: ScriptedUpstream
) -> None:
    assert identity.requests
    for request in identity.requests:
        assert request.header("X-IDENTITY-HEADER") == "app-service-secret"
        assert "resource=https" in request.target
        assert "cognitiveservices.azure.com" in request.target
