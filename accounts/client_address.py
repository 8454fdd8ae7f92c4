"""The address of a client, as far as the proxies in front can be believed."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

from accounts.trusted_proxies import joined_headers, way_of

IPV6_PREFIX = 64  # bits: one customer usually has a whole /64


def address_of(peer: str, forwarded_for: str) -> str:
    """The address of the ``peer``, or what the outermost trusted proxy says of its own."""
    return way_of(peer, forwarded_for, settings.GATEWAY_TRUSTED_PROXIES).address


def address_of_request(meta: dict[str, str]) -> str:
    """The address of the client of an HTTP request, from its ``META``."""
    return address_of(meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", ""))


def address_of_scope(scope: Any) -> str:
    """The address of the client of an ASGI scope."""
    client = scope.get("client")
    return address_of(
        client[0] if client else "", joined_headers(scope["headers"], b"x-forwarded-for")
    )


def network_of(address: str) -> str:
    """The network that limits count as one client: an IPv4 address, or 64 bits of IPv6.

    Other texts stay as they are.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)
