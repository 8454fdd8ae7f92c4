"""Which peers are proxies of the operator's own, and how many of them a request came through.

Only what they say in ``X-Forwarded-…`` headers counts. ``Forwarded`` and ``X-Real-IP`` never do:
most proxies pass on whatever a client wrote there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Networks = tuple[IPv4Network | IPv6Network, ...]
# A number of proxies, whatever their addresses, or the networks they are in.
Trusted = int | Networks
LOOPBACK = "127.0.0.0/8, ::1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a request came: the address of its client, and how many trusted proxies were between."""

    address: str
    proxies: int


def read_trusted(text: str) -> Trusted:
    """A number, or addresses and networks with commas between them.

    Raises ``ValueError`` with the number of the part that is neither, and nothing of its text.
    """
    if text.strip().isdecimal():
        return int(text)
    parts = enumerate((part.strip() for part in text.split(",")), start=1)
    return tuple(_network(part, number) for number, part in parts if part)


def way_of(peer: str, forwarded_for: str, trusted: Trusted) -> Way:
    """The way of a request from ``peer``, whose ``X-Forwarded-For`` headers say ``forwarded_for``.

    Each proxy adds the address of its own peer at the end. With a number of proxies the last
    addresses can be believed, as many as there are proxies; the client sent those before them.
    Where there are fewer, or where the text is not an address, the request came another way. With
    networks, addresses are believed from the end, up to the first that is not a trusted proxy's,
    or that is this machine's own: every program here has it, and a proxy here tells of them all.
    """
    addresses = forwarded_for.split(",")
    if isinstance(trusted, int):
        if trusted < 1 or len(addresses) < trusted:
            return Way(address=peer, proxies=trusted)
        return Way(address=read_address(addresses[-trusted]) or peer, proxies=trusted)
    proxies = 0
    address = peer
    while is_within(address, trusted):
        proxies += 1
        told = read_address(addresses.pop()) if addresses else ""
        if not told:
            break
        address = told
        if ip_address(told).is_loopback:
            break
    return Way(address=address, proxies=proxies)


def joined_headers(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> str:
    """The values of all ASGI ``headers`` named ``wanted``, which are one list, in their order."""
    return ",".join(value.decode("latin-1") for name, value in headers if name == wanted)


@lru_cache(maxsize=1024)
def is_within(address: str, networks: Networks) -> bool:
    """Whether ``address`` is in one of ``networks``. False for text that is not an address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)


def read_address(text: str) -> str:
    """An address out of ``text``, in which some proxies write a port as well; else empty."""
    text = text.strip()
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ip_address(bare.partition("%")[0]))
    except ValueError:
        return ""


def _network(text: str, number: int) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"item {number} is neither an address nor a network") from None
