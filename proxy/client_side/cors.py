"""What pages of other sites are told in browsers: whether they may read the API's responses.

Keys travel in headers that a page has to set itself, so a page without a key learns nothing.
Cookies never count: there is no ``access-control-allow-credentials``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from proxy.client_side import limit_headers

Headers = list[tuple[bytes, bytes]]

ANY = "*"
ORIGIN = re.compile(
    r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](?::[0-9]{1,5})?"
)
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
MOST_HEADERS = 50
PREFLIGHT_SECONDS = b"600"
EXPOSED = (
    "x-request-id",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-gateway-dropped-params",
    "x-gateway-changed-params",
    "x-gateway-attempts",
    "x-gateway-queued-ms",
    "x-gateway-estimated",
    "x-gateway-resumable",
    "x-gateway-cache",
    *limit_headers.NAMES,
    "openai-processing-ms",
    "openai-version",
    "openai-model",
)


class Cors:
    """``origins`` are exact, such as ``https://app.example``, or ``*`` for every site."""

    def __init__(self, origins: Sequence[str]) -> None:
        self._is_any = ANY in origins
        self._origins = frozenset(origin.lower().encode() for origin in origins)
        exposed = (b"access-control-expose-headers", ", ".join(EXPOSED).encode())
        self._exposed: Headers = [exposed]
        self._varying: Headers = [] if self._is_any else [(b"vary", b"origin")]

    def headers(self, fields: Headers) -> Headers:
        """The headers of the response to a request with the header ``fields``."""
        if not self._origins:
            return []
        allowed = self._allowed(fields)
        return [*self._varying, *allowed, *self._exposed] if allowed else self._varying

    def preflight(self, fields: Headers, methods: Sequence[str]) -> Headers:
        """Headers that answer the question before a request, if it comes from such a site."""
        if not self._allowed(fields):
            return []
        asked = _value(fields, b"access-control-request-headers").lower().split(b",")
        names = [name for each in asked[:MOST_HEADERS] if TOKEN.fullmatch(name := each.strip())]
        return [
            (b"access-control-allow-methods", ", ".join(methods).encode()),
            (b"access-control-allow-headers", b", ".join(names)),
            (b"access-control-max-age", PREFLIGHT_SECONDS),
            (b"vary", b"access-control-request-method, access-control-request-headers"),
        ]

    def _allowed(self, fields: Headers) -> Headers:
        origin = _value(fields, b"origin")
        if not origin:
            return []
        if self._is_any:
            return [(b"access-control-allow-origin", b"*")]
        if origin.lower() not in self._origins:
            return []
        return [(b"access-control-allow-origin", origin)]


def is_preflight(fields: Headers) -> bool:
    """Whether a browser asks on behalf of a page."""
    return bool(_value(fields, b"origin") and _value(fields, b"access-control-request-method"))


def is_origin(text: str) -> bool:
    """Whether ``text`` may stand in the list of origins."""
    if text == ANY:
        return True
    try:
        urlsplit(text).port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return False
    return ORIGIN.fullmatch(text.lower()) is not None


def _value(fields: Headers, name: bytes) -> bytes:
    return next((value for key, value in fields if key == name), b"")
