"""ID tokens, as they come from the provider's token endpoint."""

from __future__ import annotations

from typing import Any

import jwt

from accounts.oidc.errors import OidcError
from accounts.refusals import LEEWAY_SECONDS, cause_of


def read_id_token(token: str, *, issuer: str, client_id: str) -> dict[str, Any]:
    """Its claims. Raises ``OidcError``.

    The provider itself was asked for the token, over TLS, and that stands in place of its signature
    (OpenID Connect Core, 3.1.3.7, number 6).
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={
                "verify_signature": False,
                "verify_iss": True,
                "verify_aud": True,
                "verify_sub": True,
                "verify_exp": True,
                "verify_nbf": True,
                "require": ["iss", "aud", "exp", "sub"],
            },
        )
    except (jwt.PyJWTError, RecursionError, ValueError, TypeError) as exc:
        raise OidcError(f"the ID token is refused: {cause_of(exc)}") from exc
    if claims.get("azp", client_id) != client_id:
        raise OidcError("the ID token is refused: it is for another client (`azp`)")
    return claims
