"""How azure-identity reaches Microsoft Entra ID: by the proxy that the gateway's requests take.

The import of azure-core is slow: import this module where a token is asked for.
"""

from __future__ import annotations

import os
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

from aiohttp import encode_basic_auth
from aiohttp.hdrs import PROXY_AUTHORIZATION
from azure.core.pipeline.transport import AioHttpTransport

from accounts.outgoing_proxies import NO_PROXY, Proxies, split_credentials
from connections.rules.addresses import is_metadata_address

# Where a platform gives its machines tokens: on the machine, or beside it.
LOCAL_ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "IMDS_ENDPOINT")


class EntraTransport(AioHttpTransport):  # type: ignore[misc] # azure-core has no types
    """Ignores the environment's proxies, unless ``proxies`` are those.

    ``own`` is the connection's proxy. ``none`` is about its upstream, and not about Entra ID.
    """

    def __init__(self, proxies: Proxies, *, own: str = "") -> None:
        super().__init__(use_env_settings=False)
        self._proxies = proxies
        self._own = "" if own == NO_PROXY else own

    async def send(self, request: Any, **options: Any) -> Any:
        """As azure-core has it, with the proxy for ``request``."""
        url: str = request.url
        options.pop("proxies", None)
        if not is_local(url) and (proxy := self._proxies.of(url, override=self._own)):
            # Apart from its password, since errors quote the proxy's URL. Entra ID has https alone,
            # so that the header goes into CONNECT.
            options["proxy"], userinfo = split_credentials(proxy)
            if userinfo:
                user, _, password = map(unquote, userinfo.partition(":"))
                told = encode_basic_auth(user, password, encoding="utf-8")
                options["proxy_headers"] = {PROXY_AUTHORIZATION: told}
        return await super().send(request, **options)


def is_local(url: str) -> bool:
    """Whether ``url`` is one that only this machine can ask, as for a managed identity."""
    known = (os.environ.get(name, "") for name in LOCAL_ENDPOINTS)
    if any(url.startswith(endpoint) for endpoint in known if endpoint):
        return True
    try:
        return is_metadata_address(ip_address(urlsplit(url).hostname or ""))
    except ValueError:
        return False
