"""The signature of webhooks, by Standard Webhooks: https://www.standardwebhooks.com"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"
SHORTEST_BYTES, LONGEST_BYTES = 24, 64


def secret_problem(secret: str) -> str:
    """The mistake in a secret, in words that hold nothing of it; empty if there is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return f"must be {PREFIX} and base64 behind it"
    if not SHORTEST_BYTES <= len(key) <= LONGEST_BYTES:
        return f"must hold {SHORTEST_BYTES} to {LONGEST_BYTES} bytes in base64"
    return ""


def signed_headers(body: bytes, *, id: str, timestamp: int, secret: str) -> dict[str, str]:  # noqa: A002 - the standard's own word
    """The headers of a delivery. ``secret`` has no mistake; without one nothing is signed."""
    headers = {"webhook-id": id, "webhook-timestamp": str(timestamp)}
    if not secret:
        return headers
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode(), str(timestamp).encode(), body))
    digest = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return headers | {"webhook-signature": f"v1,{digest}"}
