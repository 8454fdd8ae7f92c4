"""Addresses no connection may reach, however they are written."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: AWS, Azure, GCP, OpenStack, ECS task metadata
        "100.100.100.200/32",  # Alibaba Cloud
        "192.0.0.192/32",  # Oracle Cloud
        "168.63.129.16/32",  # Azure's wire server
        "fe80::/10",  # link-local
        "fd00:ec2::/32",  # AWS over IPv6
        "fd20:ce::254/128",  # GCP over IPv6
        "fd00:42::42/128",  # Scaleway over IPv6
    )
)
# A network's own prefix of NAT64 is known to nobody else, but these end in the same four bytes.
METADATA_ENDINGS = frozenset(
    int(ipaddress.IPv4Address(address))
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
    )
)
# Prefixes of IPv6 with an IPv4 address in the last four bytes.
ENDING_IN_IPV4 = tuple(
    ipaddress.IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible, RFC 4291 section 2.5.5.1
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
    )
)
LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215, divided as the network likes
ISATAP = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214, before the IPv4 address


def is_metadata_address(address: Address) -> bool:
    """Whether ``address`` is a metadata service, also when IPv4 is wrapped in IPv6."""
    if isinstance(address, ipaddress.IPv6Address) and _ending(address) in METADATA_ENDINGS:
        return True
    return any(
        each.version == network.version and each in network
        for each in (address, *_embedded(address))
        for network in METADATA_NETWORKS
    )


def is_private_address(address: Address) -> bool:
    """Whether ``address`` is loopback, private or otherwise not on the public internet."""
    return not all(each.is_global for each in tuple(_embedded(address)) or (address,))


def _embedded(address: Address) -> Iterator[ipaddress.IPv4Address]:
    """The IPv4 addresses that a gateway on the way may read out of ``address``."""
    if isinstance(address, ipaddress.IPv4Address):
        return
    if any(address in network for network in ENDING_IN_IPV4) or _is_isatap(address):
        yield ipaddress.IPv4Address(_ending(address))
    if address in LOCAL_NAT64:
        yield from _translated(address)
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def _translated(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    """After prefixes of 48, 56, 64 and 96 bits, around the byte that RFC 6052 leaves empty."""
    packed = address.packed
    without_gap = packed[:8] + packed[9:]
    for start in (6, 7, 8):
        yield ipaddress.IPv4Address(without_gap[start : start + 4])
    yield ipaddress.IPv4Address(packed[12:])


def _is_isatap(address: ipaddress.IPv6Address) -> bool:
    return int(address) >> 32 & 0xFFFFFFFF in ISATAP


def _ending(address: ipaddress.IPv6Address) -> int:
    return int(address) & 0xFFFFFFFF
