"""Tokens of an OIDC issuer on loopback, where an API key could stand."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.api import CHAT, chat_body, client_of, listed, wait_for_models
from tests.support.live import live_gateway
from tests.support.responders import json_response
from tests.support.stores import BACKINGS
from tests.support.upstream import ScriptedUpstream

pytestmark = pytest.mark.acceptance

KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def issuer():
    with ScriptedUpstream() as server:
        url = server.url.removesuffix("/v1")
        public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
        keys = {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}
        discovery = {"issuer": url, "jwks_uri": f"{url}/jwks"}
        server.on("GET", "/.well-known/openid-configuration", json_response(discovery))
        server.on("GET", "/jwks", json_response(keys))
        yield server


@pytest.fixture(scope="module")
def upstream():
    with ScriptedUpstream(models=("gpt-4o",)) as server:
        yield server


@pytest.fixture(scope="module")
def gateway(stores, tmp_path_factory, issuer, upstream):
    environment = {
        "GATEWAY_JWT_ISSUER": issuer.url.removesuffix("/v1"),
        "GATEWAY_JWT_AUDIENCE": "gatehouse",
        "GATEWAY_JWT_NEW_USERS": "active",
    }
    directory = tmp_path_factory.mktemp("tokens")
    with live_gateway(stores, BACKINGS[0], directory, **environment) as gateway:
        gateway.configure(
            groups=[{"name": "team", "users": []}],
            grants=[{"models": ["*"], "groups": ["team"]}],
            connections=[
                {
                    "name": "one",
                    "base_url": upstream.url,
                    "auth_type": "session",
                    "model_ids": ["gpt-4o"],
                }
            ],
        )
        yield gateway


def token_of(issuer, **claims):
    said = {"iss": issuer.url.removesuffix("/v1"), "aud": "gatehouse", "sub": "ada-1"}
    return jwt.encode(
        said | {"exp": int(time.time()) + 600} | claims, KEY, "RS256", headers={"kid": "one"}
    )


def test_token_opens_what_its_groups_may_use_and_is_passed_on(gateway, issuer, upstream):
    token = token_of(issuer, groups=["team"])
    with client_of(gateway, token) as client:
        wait_for_models(client, "gpt-4o")
        assert client.post(CHAT, json=chat_body("gpt-4o")).status_code == 200
        assert client.get("/openai/config").status_code == 403

    assert upstream.calls[-1].header("authorization") == f"Bearer {token}"
    assert len([each for each in issuer.requests if each.target == "/jwks"]) == 1
    assert token not in gateway.log


def test_token_without_a_group_opens_nothing(gateway, issuer):
    with client_of(gateway, token_of(issuer, sub="eve")) as client:
        assert listed(client) == set()


@pytest.mark.parametrize(
    "claims", [{"aud": "other"}, {"exp": 1}, {"iss": "https://evil.example"}, {"sub": ""}], ids=str
)
def test_other_tokens_are_refused_as_any_bad_key_is(gateway, issuer, claims):
    with client_of(gateway, token_of(issuer, **claims)) as client:
        answer = client.get("/v1/models")
        unknown = client.get("/v1/models", headers={"Authorization": "Bearer sk-gw-unknown"})

    assert (answer.status_code, answer.content) == (401, unknown.content)


def test_log_says_why_and_nothing_of_the_token(gateway, issuer):
    """Of tests before: here as a gateway's log has it."""
    token = token_of(issuer, aud="other")
    with client_of(gateway, token) as client:
        assert client.get("/v1/models").status_code == 401
    assert "A bearer token is refused: it is for another audience (`aud`)." in gateway.log
    assert token not in gateway.log
