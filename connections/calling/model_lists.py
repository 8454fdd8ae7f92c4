"""Asking an upstream for its models."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import orjson
from django.conf import settings

from connections.auth.base import AuthUnavailableError
from connections.calling.client import UpstreamClient
from connections.calling.listing_causes import cause_of_error, cause_of_status
from connections.calling.open_connection import OpenConnection
from connections.choices import Cause
from connections.errors import UpstreamError
from connections.hops import is_loop, leads_back
from connections.providers.openai import OpenAIAdapter
from connections.upstream import Timeouts
from wire_formats.json_numbers import load_json
from wire_formats.json_types import JsonObject

LARGEST_LIST_BYTES = 32 * 2**20
LEADS_BACK = "The connection leads back to this gateway."


class ListingError(Exception):
    """The upstream gave no list. The message is safe to show."""

    def __init__(self, message: str, *, cause: Cause = Cause.NO_LIST) -> None:
        super().__init__(message)
        self.cause = cause


async def list_models(client: UpstreamClient, connection: OpenConnection) -> list[JsonObject]:
    """The models of an upstream, each an object with a non-empty text ``id``.

    Raises :class:`ListingError`. Takes ``AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST`` seconds at the most.
    """
    seconds = settings.AIOHTTP_CLIENT_TIMEOUT_MODEL_LIST
    try:
        response = await client.send(
            connection.adapter.models_request(),
            auth=connection.auth,
            timeouts=Timeouts(connect=seconds, first_byte=seconds, idle=seconds, total=seconds),
            verify_tls=connection.upstream.verify_tls,
            proxy=connection.upstream.proxy,
        )
        try:
            body = await response.read(LARGEST_LIST_BYTES)
        finally:
            await response.aclose()
    except (UpstreamError, AuthUnavailableError) as exc:
        raise ListingError(str(exc), cause=cause_of_error(exc)) from exc
    except httpx.InvalidURL as exc:
        raise ListingError("The upstream's base URL is not valid.", cause=Cause.WRONG_URL) from exc
    if is_loop(response.status, response.headers):
        raise ListingError(LEADS_BACK, cause=Cause.WRONG_URL)
    if response.status != httpx.codes.OK:
        raise ListingError(
            f"The upstream answered {response.status} when asked for its models.",
            cause=cause_of_status(response.status),
        )
    # In a thread: a list may be long, and parsing it would hold up the event loop.
    return await asyncio.to_thread(normalise, body, connection.adapter)


def normalise(body: bytes, adapter: OpenAIAdapter) -> list[JsonObject]:
    """The models in an upstream's answer: ``{"data": […]}``, ``{"models": […]}`` or a bare list.

    Entries may be objects or plain ids; ``adapter`` knows how its upstream describes a model. Those
    without a usable id are left out, and so are models of this very gateway.
    """
    try:
        answer: Any = load_json(body)
    except orjson.JSONDecodeError as exc:
        raise ListingError("The upstream's list of models is not JSON.") from exc
    entries = answer
    if isinstance(answer, dict):
        entries = answer.get("data", answer.get("models"))
    if not isinstance(entries, list):
        raise ListingError("The upstream's answer holds no list of models.")
    described = ({"id": entry} if isinstance(entry, str) else entry for entry in entries)
    objects = (entry for entry in described if isinstance(entry, dict))
    return usable_models(adapter.listed(entry) for entry in objects if not leads_back(entry))


def usable_models(entries: Iterable[Any]) -> list[JsonObject]:
    """Those of ``entries`` that describe a model and can be shown to clients."""
    return [
        entry
        for entry in entries
        if isinstance(entry, dict) and _is_id(entry.get("id")) and _is_writable(entry)
    ]


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _is_writable(entry: JsonObject) -> bool:
    """orjson reads deeper nesting than it writes, and clients get an entry within an entry."""
    try:
        orjson.dumps([[[[entry]]]])
    except TypeError:
        return False
    return True
