"""How the provider is asked."""

import base64
import json

import pytest

from accounts.models.oauth_tokens import TokenPair
from accounts.oauth.provider import Answer, Client, ProviderUnavailableError, TokenEndpoint

ISSUER = "https://id.example"


def endpoint(document=(), renewal=None, *, secret="s:1"):
    """An endpoint, and the requests that reach its provider."""
    asked = []
    document = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token", **dict(document)}
    renewal = {"access_token": "new", "expires_in": 60} if renewal is None else renewal

    async def ask(url, form, headers):
        asked.append((url, form, headers))
        return Answer(status=200, body=json.dumps(document if form is None else renewal).encode())

    return TokenEndpoint(Client(issuer=ISSUER, id="gate", secret=secret), ask), asked


async def test_discovers_the_endpoint_once():
    tokens, asked = endpoint()
    await tokens.renew("old")
    await tokens.renew("old")
    urls = [url for url, _, _ in asked]
    assert urls == [f"{ISSUER}/.well-known/openid-configuration"] + [f"{ISSUER}/token"] * 2


async def test_says_who_asks_in_the_header_unless_the_form_is_taken():
    tokens, asked = endpoint()
    await tokens.renew("old")
    assert "client_secret" not in asked[1][1]
    scheme, _, pair = asked[1][2]["Authorization"].partition(" ")
    assert (scheme, base64.b64decode(pair)) == ("Basic", b"gate:s%3A1")


async def test_says_who_asks_in_the_form_where_that_is_taken():
    tokens, asked = endpoint({"token_endpoint_auth_methods_supported": ["client_secret_post"]})
    await tokens.renew("old")
    assert asked[1][1]["client_secret"] == "s:1"
    assert asked[1][2] == {}


async def test_a_public_client_sends_no_secret():
    tokens, asked = endpoint(secret="")
    await tokens.renew("old")
    assert asked[1][1]["client_id"] == "gate"
    assert asked[1][2] == {}


async def test_keeps_the_refresh_token_where_no_new_one_comes():
    tokens, _ = endpoint()
    assert (await tokens.renew("old")).pair == TokenPair(access="new", refresh="old")


@pytest.mark.parametrize("renewal", [{}, {"access_token": ""}, {"access_token": "a\r\nX: b"}, []])
async def test_an_answer_without_a_token_is_no_answer(renewal):
    tokens, _ = endpoint(renewal=renewal)
    with pytest.raises(ProviderUnavailableError):
        await tokens.renew("old")


async def test_the_refresh_token_goes_to_its_issuer_only():
    tokens, asked = endpoint({"issuer": "https://evil.example"})
    with pytest.raises(ProviderUnavailableError):
        await tokens.renew("old")
    assert len(asked) == 1
