"""The address that a request came from, as far as it can be believed."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

from django.conf import settings
from django.http import HttpRequest

IPV6_PREFIX = 64  # what one customer is given; addresses in it cost nothing


def client_network(request: HttpRequest) -> str:
    """The client's IPv4 address or IPv6 network, as limits count it."""
    address = client_address(request)
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed)


def client_address(request: HttpRequest) -> str:
    """The client's address: that of the peer, or what the trusted proxies say of theirs.

    Each proxy adds an address at the end of ``X-Forwarded-For``. So the last ones can be believed,
    as many as there are proxies; what stands before them was sent by the client. Where fewer are
    there, or no address is, the request has come another way, and the peer's counts.
    """
    peer: str = request.META.get("REMOTE_ADDR") or ""
    count: int = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if count < 1 or len(forwarded) < count:
        return peer
    return _address(forwarded[-count].strip()) or peer


def _address(text: str) -> str:
    """An address out of ``text``, in which some proxies write a port as well."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare.partition("%")[0]))
    except ValueError:
        return ""
