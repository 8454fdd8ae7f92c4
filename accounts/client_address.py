"""The address of a client, as far as the proxies in front can be believed."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings

IPV6_PREFIX = 64  # bits: one customer usually has a whole /64


def address_of(peer: str, forwarded_for: str) -> str:
    """The address of the ``peer``, or what the outermost trusted proxy says of its own.

    Each proxy adds an address at the end of ``X-Forwarded-For``. So the last ones can be believed,
    as many as ``GATEWAY_TRUSTED_PROXIES`` says; the client sent those before them. Where there are
    fewer, or where the text is not an address, the request came another way.
    """
    trusted: int = settings.GATEWAY_TRUSTED_PROXIES
    addresses = forwarded_for.split(",")
    if trusted < 1 or len(addresses) < trusted:
        return peer
    return _read(addresses[-trusted].strip()) or peer


def address_of_request(meta: dict[str, str]) -> str:
    """The address of the client of an HTTP request, from its ``META``."""
    return address_of(meta.get("REMOTE_ADDR") or "", meta.get("HTTP_X_FORWARDED_FOR", ""))


def address_of_scope(scope: Any) -> str:
    """The address of the client of an ASGI scope."""
    client = scope.get("client")
    return address_of(client[0] if client else "", _forwarded_for(scope["headers"]))


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


def _read(text: str) -> str:
    """An address out of ``text``, in which some proxies write a port as well."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare.partition("%")[0]))
    except ValueError:
        return ""


def _forwarded_for(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Several headers are one list, in their order."""
    values = (value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")
    return ",".join(values)
