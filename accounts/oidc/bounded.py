"""A provider's response, under a cap: allauth would read any amount of it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from accounts.oidc.errors import OidcError

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
    """Reads whole answers, those that redirect among them."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        response = super().send(*args, **kwargs | {"stream": True})
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
