"""Addresses are judged where they are used: after resolution, just before the connection."""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache

import httpx
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from connections.rules.addresses import is_metadata_address, is_private_address

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class GuardedResolver(AbstractResolver):
    """Asks the system's resolver and refuses a name if any of its addresses is refused."""

    def __init__(self, *, allow_private: bool) -> None:
        self._resolver = ThreadedResolver()
        self._allow_private = allow_private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises ``OSError`` when there is no address, ``httpx.ConnectError`` for a refused one."""
        results = await self._resolver.resolve(host, port, family)
        for result in results:
            refuse_literal(result["host"], allow_private=self._allow_private)
        return results

    async def close(self) -> None:
        await self._resolver.close()


def refuse_literal(host: str, *, allow_private: bool) -> None:
    """Raise ``httpx.ConnectError`` if ``host`` is an address that no connection may reach.

    Names pass: they are judged once they are resolved.
    """
    if _is_refused(host, allow_private):
        raise httpx.ConnectError("This address is refused.")


@lru_cache(maxsize=4096)
def _is_refused(host: str, allow_private: bool) -> bool:
    address = literal_address(host)
    if address is None:
        return False
    return is_metadata_address(address) or (not allow_private and is_private_address(address))


def literal_address(host: str) -> Address | None:
    """The address ``host`` spells, also as one decimal, hexadecimal or octal number; else None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
