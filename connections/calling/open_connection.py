"""A connection that is ready to be called: all that a call needs except for the call itself."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial

import httpx
from django.conf import settings

from connections.auth.base import AuthStrategy, AuthUnavailableError
from connections.auth.key_pool import KeyPool
from connections.auth.registry import strategy_for
from connections.call import Call
from connections.calling.client import UpstreamClient, UpstreamResponse
from connections.calling.key_pools import KeyPools, key_pools
from connections.calling.lacking import LackingEndpoints
from connections.calling.stream_usage import StreamUsage
from connections.errors import NotSentError
from connections.providers.openai import OpenAIAdapter
from connections.providers.registry import adapter_for
from connections.request_extensions import DROPPED_EXTENSION
from connections.upstream import Timeouts, Upstream, UpstreamKey
from wire_formats.payload import DROPPED_HEADER, header_value

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenConnection:
    """Built with the connection and reused, since a pool of keys remembers which rest."""

    upstream: Upstream
    adapter: OpenAIAdapter
    auth: AuthStrategy
    timeouts: Timeouts
    stream_timeouts: Timeouts
    stream_usage: StreamUsage = field(default_factory=StreamUsage)
    lacking: LackingEndpoints = field(default_factory=LackingEndpoints)

    @classmethod
    def open(cls, upstream: Upstream) -> OpenConnection:
        seconds = upstream.timeout_seconds
        connect = min(settings.GATEWAY_CONNECT_TIMEOUT, seconds)
        return cls(
            upstream=upstream,
            adapter=adapter_for(upstream),
            auth=strategy_for(upstream),
            timeouts=Timeouts(
                connect=connect,
                first_byte=seconds,
                idle=seconds,
                total=seconds,
                upload=settings.GATEWAY_STREAM_MAX_SECONDS,
            ),
            stream_timeouts=Timeouts(
                connect=connect,
                first_byte=seconds,
                idle=settings.GATEWAY_STREAM_IDLE_TIMEOUT,
                total=settings.GATEWAY_STREAM_MAX_SECONDS,
                upload=settings.GATEWAY_STREAM_MAX_SECONDS,
            ),
        )

    @property
    def keys(self) -> KeyPool | None:
        """The keys that can sign; None where the connection has none, or signs with the caller's
        or its own identity."""
        return self.auth.keys

    async def send(
        self,
        client: UpstreamClient,
        call: Call,
        *,
        key: UpstreamKey | None = None,
        forward_user_info: bool = False,
    ) -> UpstreamResponse:
        """Sign and send ``call``. Raises ``UpstreamError`` and ``AuthUnavailableError``.

        ``key`` alone signs, and it is for the sender to tell :attr:`keys` what became of it.
        Without it, the keys are taken in turn until one is not refused.

        A header of the response names the parameters that this upstream was not sent. Token counts
        of streams are asked for in any case, unless the upstream refuses the question.
        """
        asking = self.stream_usage.asking(call) if self.adapter.takes_stream_options else call
        response = await self._sent(client, asking, key, forward_user_info)
        if asking is not call and await self.stream_usage.seems_refused(response):
            await response.aclose()
            response = await self._sent(client, call, key, forward_user_info)
            self.stream_usage.notice(response)
        return response

    async def _sent(
        self, client: UpstreamClient, call: Call, key: UpstreamKey | None, forward_user_info: bool
    ) -> UpstreamResponse:
        try:
            write = partial(self.adapter.request, call, forward_user_info=forward_user_info)
            request = await asyncio.to_thread(write) if call.is_long else write()
        except httpx.InvalidURL as exc:
            raise NotSentError("The upstream's base URL is not valid.") from exc
        try:
            if key is not None:
                self.auth.sign_with(key, request)
            response = await client.send(
                request,
                auth=self.auth if key is None else None,
                timeouts=self.stream_timeouts if call.is_streamed else self.timeouts,
                verify_tls=self.upstream.verify_tls,
                proxy=self.upstream.proxy,
            )
        except AuthUnavailableError as exc:
            self.log_missing_credential(exc, call.request_id)
            raise
        if dropped := header_value(request.extensions[DROPPED_EXTENSION]):
            response.headers[DROPPED_HEADER] = dropped
            logger.info(
                "%s was not sent the parameters %s of %s.",
                self.upstream.name,
                dropped,
                call.request_id,
            )
        return response

    def log_missing_credential(self, error: AuthUnavailableError, request_id: str) -> None:
        """Tell the log what the client of ``request_id`` is not told."""
        logger.warning("%s was not asked for %s: %s", self.upstream.name, request_id, error)


class OpenConnections:
    """The open connections of a worker. One stays open while its upstream stays as it is.

    ``pools`` has their keys.
    """

    def __init__(self, pools: KeyPools = key_pools) -> None:
        self._connections: dict[Upstream, OpenConnection] = {}
        self._pools = pools

    def to(self, upstreams: list[Upstream]) -> list[OpenConnection]:
        """Those to ``upstreams``, in their order; all others are dropped."""
        known = self._connections
        earlier = {connection.upstream.id: connection for connection in known.values()}
        self._connections = {
            upstream: known.get(upstream) or reopened(upstream, earlier.get(upstream.id))
            for upstream in upstreams
        }
        opened = list(self._connections.values())
        self._pools.replace({each.upstream.id: each.keys for each in opened if each.keys})
        return opened


def reopened(upstream: Upstream, earlier: OpenConnection | None) -> OpenConnection:
    """Open a connection after its row was changed: its keys are as they were under ``earlier``,
    unless they go somewhere else now."""
    connection = OpenConnection.open(upstream)
    if earlier is None or earlier.upstream.base_url != upstream.base_url:
        return connection
    if connection.keys is not None and earlier.keys is not None:
        connection.keys.take_over(earlier.keys)
    return connection
