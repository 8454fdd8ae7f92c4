"""Telling another system of something that happened here, by the one way out there is."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from connections.calling.client import UpstreamClient
from connections.calling.resolve import tls_verification
from connections.errors import NotSentError
from connections.upstream import Timeouts

SECONDS = 10.0


async def post(client: UpstreamClient, url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of the answer, whose body is not read. Raises ``UpstreamError`` without one."""
    try:
        request = httpx.Request("POST", url, content=body, headers=dict(headers))
    except httpx.InvalidURL as exc:
        raise NotSentError("The URL of the webhook cannot be read.") from exc
    response = await client.send(
        request,
        auth=None,
        timeouts=Timeouts(connect=SECONDS, first_byte=SECONDS, idle=SECONDS, total=SECONDS),
        verify_tls=tls_verification("true"),
    )
    await response.aclose()
    return response.status
