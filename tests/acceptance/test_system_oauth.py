"""Upstreams that are called with the token of the caller's sign-in, by two gateways at once."""

import asyncio
from contextlib import ExitStack

import httpx
import pytest

from tests.support.api import CHAT, chat_body, client_of, wait_for_models
from tests.support.live import LiveGateway
from tests.support.oidc.provider import Browser
from tests.support.plain_http import PLAIN_HTTP
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

EXPIRE = (
    "from accounts.models.oauth_tokens import OAuthToken; from django.utils import timezone; "
    "from accounts.changes import bump; "
    "OAuthToken.objects.update(expires_at=timezone.now()); bump('people')"
)


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as server:
        yield server


@pytest.fixture(scope="module")
def gateways(stores, provider, upstream, tmp_path_factory):
    """Two processes on one database."""
    directory = tmp_path_factory.mktemp("two")
    with stores.open("postgres+redis", directory / "data") as opened, ExitStack() as stack:
        environment = {"LOG_FORMAT": "json", "OIDC_NEW_USERS": "active"} | opened
        gateways = []
        for name in ("a", "b"):
            (directory / name).mkdir()
            gateway = LiveGateway(
                "postgres+redis", directory / name, environment | provider.environment
            )
            gateway.start()
            stack.callback(gateway.stop)
            gateways.append(gateway)
        provider.accept(gateways[0].url)
        connection = {"name": "own", "base_url": upstream.url, "auth_type": "system_oauth"}
        gateways[0].configure(
            connections=[connection | {"model_ids": ["gpt-4o"]}],
            grants=[{"models": ["*"], "everyone": True}],
        )
        key = gateways[0].api_key("watcher")
        for gateway in gateways:
            with client_of(gateway, key) as client:
                wait_for_models(client, "gpt-4o")
        yield gateways


@pytest.fixture
def signed_in(gateways, provider):
    """A browser in which ``ada`` has signed in, and her key."""
    provider.person("ada", email="ada@example.com")
    browser = Browser(gateways[0].url)
    assert browser.sign_in(provider, "ada").status_code == 302
    key = gateways[0].api_key("ada")
    for gateway in gateways:
        with client_of(gateway, key) as client:
            wait_for_models(client, "gpt-4o")
    yield browser, key
    browser.http.close()


def call(gateway, key):
    with client_of(gateway, key) as client:
        return client.post(CHAT, json=chat_body("gpt-4o"))


def bearer(request):
    return request.header("authorization").removeprefix("Bearer ")


def test_the_upstream_gets_the_token_of_the_sign_in(gateways, provider, upstream, signed_in):
    assert call(gateways[0], signed_in[1]).status_code == 200
    token = bearer(upstream.requests[-1])
    told = provider.http.get(
        "/identity/o/api/userinfo", headers={"Authorization": f"Bearer {token}"}
    )
    assert told.json()["email"] == "ada@example.com"


async def test_twenty_calls_with_an_expired_token_make_one_renewal(
    gateways, provider, upstream, signed_in
):
    _, key = signed_in
    before, renewed_before = len(upstream.requests), provider.refreshes()
    await asyncio.to_thread(gateways[0].manage, "shell", "-c", EXPIRE)
    async with httpx.AsyncClient(**PLAIN_HTTP) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    f"{gateways[n % 2].url}{CHAT}",
                    json=chat_body("gpt-4o"),
                    headers={"Authorization": f"Bearer {key}"},
                )
                for n in range(20)
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert provider.refreshes() == renewed_before + 1
    assert len({bearer(request) for request in upstream.requests[before:]}) == 1


def test_a_sign_in_that_cannot_be_renewed_asks_for_another(gateways, provider, upstream, signed_in):
    browser, key = signed_in
    provider.revoke_refresh_tokens()
    gateways[0].manage("shell", "-c", EXPIRE)
    before = len(upstream.requests)
    refused = call(gateways[1], key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "sign_in_required")
    assert len(upstream.requests) == before
    browser.sign_in(provider, "ada")
    assert call(gateways[1], key).status_code == 200


def test_whoever_never_signed_in_is_told_so(gateways, upstream):
    before = len(upstream.requests)
    refused = call(gateways[0], gateways[0].api_key("bob"))
    assert refused.json()["error"]["code"] == "upstream_auth_unavailable"
    assert refused.status_code == 502
    assert len(upstream.requests) == before


def test_no_token_is_in_the_database_or_a_log_in_the_clear(gateways, upstream, signed_in):
    assert call(gateways[0], signed_in[1]).status_code == 200
    dumped = gateways[0].manage("dumpdata", "--all").stdout
    written = dumped + "".join(gateway.log for gateway in gateways)
    tokens = {bearer(request) for request in upstream.requests}
    assert tokens
    assert not [token for token in tokens if token in written]
    assert "canary-client-secret" not in written
