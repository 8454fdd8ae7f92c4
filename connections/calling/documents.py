"""Talking to issuers of tokens, by the one way out there is."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from connections.calling.client import UpstreamClient
from connections.calling.resolve import tls_verification
from connections.errors import NotSentError, UpstreamError
from connections.upstream import Timeouts
from wire_formats.json_cost import TooComplexError, check_structure

SECONDS = 10.0
LARGEST_BYTES = 2**20


async def read_document(client: UpstreamClient, url: str) -> bytes:
    """The body of a 200. Raises :class:`connections.errors.UpstreamError` for all else."""
    status, body = await ask(client, url)
    if status != httpx.codes.OK:
        raise UpstreamError(f"{url} answers {status}.")
    return body


async def ask(
    client: UpstreamClient,
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    """Status and body of a GET, or of a POST where there is a form.

    Raises :class:`connections.errors.UpstreamError`.
    """
    accept = {"accept": "application/json", **(headers or {})}
    try:
        request = httpx.Request("GET" if form is None else "POST", url, data=form, headers=accept)
    except httpx.InvalidURL as exc:
        raise NotSentError(f"{url} is not a URL.") from exc
    response = await client.send(
        request,
        auth=httpx.Auth(),
        timeouts=Timeouts(connect=SECONDS, first_byte=SECONDS, idle=SECONDS, total=SECONDS),
        verify_tls=tls_verification("true"),
    )
    try:
        body = await response.read(LARGEST_BYTES)
        check_structure(body)
    except TooComplexError as exc:
        raise UpstreamError(f"{url} holds too many values.") from exc
    finally:
        await response.aclose()
    return response.status, body
