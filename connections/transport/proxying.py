"""What aiohttp is told of the proxy that a request takes.

aiohttp reads user and password out of a proxy's URL, and sends them with the first request of a
connection only. So they are taken out of the URL here and sent with each.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import httpx
from yarl import URL

from accounts.outgoing_proxies import DEFAULT_PORTS, split_credentials

PROXY_AUTHORIZATION = "Proxy-Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxying:
    """A proxy's URL without credentials, and the value of ``Proxy-Authorization``, or empty."""

    url: URL
    authorization: str = field(default="", repr=False)

    @property
    def is_over_tls(self) -> bool:
        return self.url.scheme == "https"

    def options(self, scheme: str) -> dict[str, Any]:
        """Arguments of aiohttp's requests to a URL of ``scheme``."""
        if scheme == "https" and self.authorization:  # they go into CONNECT, and to no upstream
            return {
                "proxy": self.url,
                "proxy_headers": {PROXY_AUTHORIZATION: self.authorization},
            }
        return {"proxy": self.url}

    def headers(self, scheme: str) -> list[tuple[str, str]]:
        """Headers of a request to a URL of ``scheme``, which the proxy itself reads."""
        if scheme == "https" or not self.authorization:
            return []
        return [(PROXY_AUTHORIZATION, self.authorization)]


@lru_cache(maxsize=256)
def proxying(proxy: str) -> Proxying:
    """Raises ``httpx.UnsupportedProtocol`` for a URL that cannot be one."""
    bare, userinfo = split_credentials(proxy)
    try:
        url = URL(bare)
    except ValueError:
        raise httpx.UnsupportedProtocol("The URL of the proxy cannot be read.") from None
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise httpx.UnsupportedProtocol("A proxy's URL must begin with http:// or https://.")
    if not userinfo:
        return Proxying(url=url)
    user, _, password = userinfo.partition(":")
    told = f"{unquote(user)}:{unquote(password)}".encode()
    return Proxying(url=url, authorization=f"Basic {b64encode(told).decode()}")
