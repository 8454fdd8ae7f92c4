"""The OIDC issuer whose tokens this worker takes, where the environment names one."""

from __future__ import annotations

from django.conf import settings

from accounts.bearer_tokens import ALGORITHMS, BearerTokens, Issuer
from accounts.signing_keys import SigningKeys, SigningKeysUnavailableError
from connections.calling.client import UpstreamClient
from connections.calling.documents import read_document
from connections.errors import UpstreamError


def configured_tokens(client: UpstreamClient) -> BearerTokens | None:
    """None without ``GATEWAY_JWT_ISSUER``. The issuer is first asked when a token comes in."""
    if not settings.GATEWAY_JWT_ISSUER:
        return None

    async def fetch(url: str) -> bytes:
        try:
            return await read_document(client, url)
        except UpstreamError as exc:
            raise SigningKeysUnavailableError(exc.message) from exc

    issuer = Issuer(
        issuer=settings.GATEWAY_JWT_ISSUER,
        audience=settings.GATEWAY_JWT_AUDIENCE,
        algorithms=tuple(ALGORITHMS.intersection(settings.GATEWAY_JWT_ALGORITHMS)),
        groups_claim=settings.GATEWAY_JWT_GROUPS_CLAIM,
        new_users=settings.GATEWAY_JWT_NEW_USERS,
    )
    keys = SigningKeys(issuer=issuer.issuer, url=settings.GATEWAY_JWT_JWKS_URL, fetch=fetch)
    return BearerTokens(issuer, keys)
