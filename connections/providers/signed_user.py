"""The caller, as a token that the upstream can check: signed, short-lived, for it alone."""

from __future__ import annotations

import time

import jwt
from django.conf import settings

from accounts.caller import Caller

ISSUER = "gatehouse"


def signed_user(caller: Caller, chat_id: str, *, audience: str) -> str:
    """A JSON Web Token (HS256) about ``caller`` for the connection named ``audience``.

    Its claims are ``sub`` (the user's id), ``name``, ``email``, ``role`` and, where there is one,
    ``chat_id``.
    """
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "iat": now,
        "exp": now + int(settings.GATEWAY_USER_INFO_JWT_SECONDS),
        "sub": str(caller.user_id),
        "name": caller.display_name,
        "email": caller.email,
        "role": caller.role,
    }
    if chat_id:
        claims["chat_id"] = chat_id
    return jwt.encode(claims, settings.GATEWAY_USER_INFO_JWT_SECRET, algorithm="HS256")
