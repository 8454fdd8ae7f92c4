"""The pool of connections, and the line between "not sent" and "maybe processed".

``gateway_project/private_members`` lists what it relies on within aiohttp.
"""

from __future__ import annotations

from functools import partial
from typing import cast

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from connections.transport.attempt import current_attempt
from connections.transport.protocol import UpstreamProtocol
from connections.transport.resolver import GuardedResolver, refuse_literal


class UpstreamConnector(aiohttp.TCPConnector):
    """Whatever fails in :meth:`connect` has not reached the upstream; anything later may have."""

    def __init__(self, *, allow_private: bool, is_proxied: bool, limit_per_host: int) -> None:
        # With a proxy, only its own name is resolved here, and it may have a private address.
        resolver = GuardedResolver(allow_private=allow_private or is_proxied)
        super().__init__(resolver=resolver, limit=0, limit_per_host=limit_per_host)
        self._factory = cast("partial[ResponseHandler]", partial(UpstreamProtocol, loop=self._loop))
        self._allow_private = allow_private

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - the signature is aiohttp's
    ) -> Connection:
        """Take a connection from the pool, or open one.

        Raises ``httpx.ConnectTimeout``, ``httpx.ConnectError`` and ``httpx.ProxyError``.
        """
        refuse_literal(req.host, allow_private=self._allow_private)
        if req.proxy is not None:
            refuse_literal(req.proxy.host or "", allow_private=True)
        try:
            connection = await super().connect(req, traces, timeout)
        except TimeoutError as exc:
            raise httpx.ConnectTimeout("The connection took too long.") from exc
        except aiohttp.ClientHttpProxyError as exc:
            raise httpx.ProxyError(f"The proxy answers {exc.status}.") from exc
        except aiohttp.ClientProxyConnectionError as exc:
            raise httpx.ProxyError("The proxy cannot be reached.") from exc
        except aiohttp.ClientSSLError as exc:
            raise httpx.ConnectError("TLS could not be agreed on.") from exc
        except aiohttp.ClientConnectorDNSError as exc:
            raise httpx.ConnectError("The host name cannot be resolved.") from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise httpx.ConnectError("The connection was refused or broke.") from exc
        current_attempt.get().begin_sending(connection)
        return connection
