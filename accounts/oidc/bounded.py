"""A provider's response, by the gateway's proxy and under a cap: allauth would read any amount."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from accounts.oidc.errors import OidcError
from accounts.outgoing_proxies import proxies_of_settings

# Documents, keys, tokens and claims have some kilobytes. Any text of this size is
# parsed within a tenth of a second.
LARGEST_BYTES = 2**20
PIECE_BYTES = 64 * 1024


def bounded(session: requests.Session) -> requests.Session:
    """``session``, which raises ``OidcError`` now for what is too large or nested too deep."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Bounded())
    return session


class _Bounded(HTTPAdapter):
    """Takes the gateway's proxy, and reads whole answers, those that redirect among them."""

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        url = request.url or ""
        proxy = proxies_of_settings().of(url)
        # In the place of what `requests` has found in the environment.
        proxies = {"http": proxy, "https": proxy} if proxy else {}
        response = super().send(request, *args, **kwargs | {"stream": True, "proxies": proxies})
        # The attribute in which `requests` stores a body that it has read.
        response._content = _body(response)
        return response


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    try:
        for piece in response.iter_content(PIECE_BYTES):
            body += piece
            if len(body) > LARGEST_BYTES:
                raise OidcError("the provider's answer is too large")
        with suppress(ValueError):  # allauth reports what is not JSON, if it expects JSON
            json.loads(body)
    except RecursionError as exc:
        raise OidcError("the provider's answer is nested too deeply") from exc
    finally:
        response.close()
    return bytes(body)
