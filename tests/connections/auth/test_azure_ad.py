"""Tokens of Entra ID, from an App Service identity on loopback."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from functools import partial

import httpx
import pytest

from connections.auth.azure_ad import (
    AzureAdAuth,
    EntraUnavailableError,
    ForeignHostError,
    ForeignScopeError,
)
from connections.calling.client import UpstreamClient
from connections.upstream import Timeouts
from tests.support.builders import an_upstream
from tests.support.processes import wait_until
from tests.support.upstream import ScriptedUpstream, drip, json_response

TIMEOUTS = Timeouts(connect=5, first_byte=5, idle=5, total=5)


class Clock:
    def __init__(self):
        self.now = time.time()

    def __call__(self):
        return self.now


def answer(token="one", lifetime=3600, clock=time.time):
    return json_response(
        {
            "access_token": f"entra-{token}",
            "expires_on": str(int(clock() + lifetime)),
            "resource": "https://cognitiveservices.azure.com",
            "token_type": "Bearer",
        }
    )


@pytest.fixture
def identity(monkeypatch):
    with ScriptedUpstream() as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{server.port}/token")
        monkeypatch.setenv("IDENTITY_HEADER", "secret")
        server.on("GET", "/token", answer())
        yield server


async def asked(auth, count=1, url="https://one.openai.azure.com/models"):
    """The Authorization headers of ``count`` requests sent at once."""
    sent = []

    def record(request):
        sent.append(request.headers["authorization"])
        return httpx.Response(200, json={})

    client = UpstreamClient(httpx.MockTransport(record))
    requests = [httpx.Request("GET", url) for _ in range(count)]
    await asyncio.gather(*(client.send(each, auth=auth, timeouts=TIMEOUTS) for each in requests))
    return sent


def an_auth(clock=time.time, **fields):
    return AzureAdAuth(an_upstream(auth_type="azure_ad", **fields), clock)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/models",
        "http://one.openai.azure.com/models",
        "https://one.openai.azure.com:8443/models",
        "https://one.openai.azure.com@evil.example/models",
        "https://one.openai.azure.com.evil.example/models",
        "https://one.openai.azure.com./models",
        "https://evil.example/one.openai.azure.com/models",
    ],
)
async def test_for_another_host_no_token_is_asked_for_or_sent(identity, url):
    with pytest.raises(ForeignHostError):
        await asked(an_auth(base_url="https://one.openai.azure.com"), url=url)

    assert not identity.requests


async def test_token_that_is_there_does_not_go_to_another_host(identity):
    auth = an_auth()
    await asked(auth)
    with pytest.raises(ForeignHostError):
        await asked(auth, url="https://evil.example/models")


async def test_for_another_scope_no_token_is_asked_for(identity):
    with pytest.raises(ForeignScopeError):
        await asked(an_auth(auth_scope="https://management.azure.com/.default"))

    assert not identity.requests


async def test_operator_can_name_another_host(identity, settings):
    settings.GATEWAY_IDENTITY_HOSTS = ["http://127.0.0.1:*"]

    assert await asked(an_auth(), url="http://127.0.0.1:8000/models") == ["Bearer entra-one"]


async def test_fifty_cold_requests_at_once_make_one_token_request(identity):
    assert await asked(an_auth(), 50) == ["Bearer entra-one"] * 50
    assert len(identity.requests) == 1


async def test_token_serves_until_it_is_to_be_renewed(identity):
    clock = Clock()
    auth = an_auth(clock)
    await asked(auth)
    clock.now += 3600 - 301

    assert await asked(auth, 3) == ["Bearer entra-one"] * 3
    assert len(identity.requests) == 1


async def test_token_is_renewed_before_it_ends_and_serves_meanwhile(identity):
    clock = Clock()
    auth = an_auth(clock)
    await asked(auth)
    identity.on("GET", "/token", answer("two", lifetime=7200))
    clock.now += 3600 - 299

    assert await asked(auth, 20) == ["Bearer entra-one"] * 20
    renewed = partial(wait_until, lambda: auth._token == "entra-two", what="the new token")
    await asyncio.to_thread(renewed, seconds=10)
    assert await asked(auth) == ["Bearer entra-two"]
    assert len(identity.requests) == 2


async def test_ended_token_is_not_sent(identity):
    clock = Clock()
    auth = an_auth(clock)
    await asked(auth)
    identity.on("GET", "/token", answer("two", lifetime=7200))
    clock.now += 3601

    assert await asked(auth, 20) == ["Bearer entra-two"] * 20
    assert len(identity.requests) == 2


async def test_without_a_token_nothing_is_sent_and_identity_is_left_in_peace(identity, caplog):
    identity.on("GET", "/token", json_response({"error": "unknown-identity"}, status=400))
    auth = an_auth()
    for _ in range(3):
        with pytest.raises(EntraUnavailableError) as caught:
            await asked(auth)

    assert len(identity.requests) == 1
    assert "unknown-identity" not in str(caught.value)
    assert "AZURE_TENANT_ID" in caught.value.hint
    assert "No token for one" in caplog.text


@pytest.mark.parametrize(
    "variables",
    [
        {"AZURE_CLIENT_CERTIFICATE_PATH": "/nowhere/certificate.pem"},
        {"AZURE_AUTHORITY_HOST": "http://authority.example", "AZURE_CLIENT_SECRET": "x"},
    ],
    ids=lambda variables: next(iter(variables)),
)
async def test_variables_that_make_no_sense_leave_it_without_a_token(
    monkeypatch, caplog, variables
):
    for name, value in {"AZURE_TENANT_ID": "t", "AZURE_CLIENT_ID": "c", **variables}.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(EntraUnavailableError):
        await asked(an_auth())

    assert "No token for one" in caplog.text


async def test_identity_is_asked_again_after_a_rest(identity):
    clock = Clock()
    auth = an_auth(clock)
    identity.on("GET", "/token", json_response({"error": "busy"}, status=400), answer())
    with pytest.raises(EntraUnavailableError):
        await asked(auth)
    clock.now += 11

    assert await asked(auth) == ["Bearer entra-one"]


async def test_failed_renewal_leaves_a_token_that_is_still_valid(identity):
    clock = Clock()
    auth = an_auth(clock)
    await asked(auth)
    identity.on("GET", "/token", json_response({"error": "busy"}, status=400))
    clock.now += 3600 - 60

    for _ in range(3):
        assert await asked(auth) == ["Bearer entra-one"]
        await asyncio.sleep(0)


async def test_client_that_hangs_up_takes_the_token_from_nobody(identity):
    body = b'{"access_token":"entra-slow","expires_on":"4102444800","resource":"r"}'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    identity.on("GET", "/token", drip(body, 0.005, before=head % len(body)))
    auth = an_auth()
    first, second = asyncio.create_task(auth.token()), asyncio.create_task(auth.token())
    await asyncio.to_thread(identity.wait_for_request)
    first.cancel()

    assert await second == "entra-slow"
    assert len(identity.requests) == 1


@pytest.mark.parametrize(
    ("scope", "resource"),
    [
        ("", "https://cognitiveservices.azure.com"),
        ("https://cognitiveservices.azure.us/.default", "https://cognitiveservices.azure.us"),
    ],
)
async def test_token_is_for_the_scope_of_the_connection_or_of_the_settings(
    identity, scope, resource
):
    await asked(an_auth(auth_scope=scope))

    [request] = identity.requests
    assert httpx.URL(request.target).params["resource"] == resource


def test_azure_identity_is_not_imported_before_it_is_needed():
    code = "import sys, connections.auth.azure_ad; sys.exit('azure.identity' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
