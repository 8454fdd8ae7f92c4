"""What aiohttp raises outside of connecting, in the words of ``httpx``."""

from __future__ import annotations

import aiohttp
import httpx


def while_sending(error: Exception) -> httpx.TransportError:
    """The error of a request that may have reached the upstream, wholly or in part."""
    match error:
        case TimeoutError():
            return httpx.ReadTimeout("The upstream did not answer in time.")
        case aiohttp.ServerDisconnectedError():
            return httpx.RemoteProtocolError("The upstream hung up without an answer.")
        case aiohttp.ClientResponseError() | aiohttp.ClientPayloadError():
            return httpx.RemoteProtocolError("The upstream's answer is not HTTP.")
        case aiohttp.InvalidURL():
            return httpx.UnsupportedProtocol("The URL cannot be used.")
        case ValueError():
            return httpx.LocalProtocolError("The request cannot be written as HTTP.")
        case _:
            return httpx.ReadError("The connection broke before the answer.")


def while_reading(error: Exception) -> httpx.TransportError:
    """The error of a response that broke off."""
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return httpx.RemoteProtocolError("The answer is incomplete or garbled.")
    return httpx.ReadError("The connection broke in mid-answer.")
