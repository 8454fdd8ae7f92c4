"""The address of a client, as far as the proxies in front can be believed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings


def address_of(peer: str, forwarded_for: str) -> str:
    """The address that the outermost of ``GATEWAY_TRUSTED_PROXIES`` saw.

    Without such proxies, and where the header has fewer addresses, it is the ``peer``'s.
    """
    trusted: int = settings.GATEWAY_TRUSTED_PROXIES
    addresses = [part.strip() for part in forwarded_for.split(",")]
    return addresses[-trusted] if 0 < trusted <= len(addresses) and addresses[-trusted] else peer


def address_of_request(meta: dict[str, str]) -> str:
    """The address of the client of an HTTP request, from its ``META``."""
    return address_of(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))


def address_of_scope(scope: Any) -> str:
    """The address of the client of an ASGI scope."""
    client = scope.get("client")
    return address_of(client[0] if client else "", _forwarded_for(scope["headers"]))


def _forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Several headers are one list, in their order."""
    values = (value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")
    return ",".join(values)
