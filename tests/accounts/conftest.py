"""An OIDC issuer that is no more than its keys and its signature."""

from __future__ import annotations

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from accounts.bearer_tokens import BearerTokens, Issuer
from accounts.signing_keys import SigningKeys, SigningKeysUnavailableError

ISSUER = "https://id.example"
AUDIENCE = "gatehouse"


class FakeIssuer:
    """Signs tokens, publishes the keys, and counts how often it is asked for them."""

    def __init__(self):
        self.now = 1000.0
        self.is_down = False
        self.asked: list[str] = []
        self.private_keys = {}
        self.add_key("one")

    def add_key(self, key_id, algorithm="RS256"):
        if algorithm == "RS256":
            key = rsa.generate_private_key(65537, 2048)
        else:
            key = ec.generate_private_key(ec.SECP256R1())
        self.private_keys[key_id] = (key, algorithm)

    def token(self, key_id="one", *, headers=None, **claims):
        key, algorithm = self.private_keys[key_id]
        now = int(time.time())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada-1", "iat": now, "exp": now + 600}
        said = {name: value for name, value in (said | claims).items() if value is not None}
        headers = {"kid": key_id} | (headers or {})
        headers = {name: value for name, value in headers.items() if value is not None}
        return jwt.encode(said, key, algorithm, headers=headers)

    async def fetch(self, url):
        self.asked.append(url)
        if self.is_down:
            raise SigningKeysUnavailableError("down")
        if url.endswith("openid-configuration"):
            return json.dumps({"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}).encode()
        return json.dumps({"keys": [self.published(each) for each in self.private_keys]}).encode()

    def published(self, key_id):
        key, algorithm = self.private_keys[key_id]
        kind = jwt.algorithms.RSAAlgorithm if algorithm == "RS256" else jwt.algorithms.ECAlgorithm
        public = kind.to_jwk(key.public_key(), as_dict=True)
        return public | {"kid": key_id, "alg": algorithm, "use": "sig"}

    def signing_keys(self, url=f"{ISSUER}/jwks"):
        return SigningKeys(issuer=ISSUER, url=url, fetch=self.fetch, clock=lambda: self.now)

    def tokens(self, **options):
        fields = {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "algorithms": ("RS256", "ES256"),
            "groups_claim": "groups",
            "new_users": "active",
        }
        return BearerTokens(Issuer(**(fields | options)), self.signing_keys())


@pytest.fixture
def issuer():
    return FakeIssuer()
