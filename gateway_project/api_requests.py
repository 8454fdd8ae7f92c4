"""Which requests are meant for the API: programs need JSON, also in a 404."""

from __future__ import annotations

import re
from typing import Any

from gateway_project.api_urls import API_SEGMENTS

PAGE_SEGMENTS = frozenset(
    {"accounts", "admin", "docs", "favicon.ico", "playground", "portal", "static"}
)
# As base URLs of other servers and versions of APIs are written.
LOOKS_LIKE_API = re.compile(r"api|v\d+[a-z]*\d*")
KEY_HEADERS = frozenset({b"api-key", b"x-api-key"})
# Where people land who paste the base URL into a browser: a page of the portal explains it.
EXPLAINED = frozenset({"/v1", "/v1/"})
SAFE = frozenset({"GET", "HEAD"})
JSON, PAGE = b"application/json", b"text/html"


def is_for_api(scope: Any) -> bool:
    """Whether the API's handler answers the request, perhaps with a 404."""
    path = scope["path"]
    if path in EXPLAINED and scope["method"] in SAFE and _wants_page(scope["headers"]):
        return False
    segment = path.lstrip("/").split("/", 1)[0]
    if segment in API_SEGMENTS:
        return True
    if segment in PAGE_SEGMENTS:
        return False
    return LOOKS_LIKE_API.fullmatch(segment) is not None or _is_from_program(scope["headers"])


def _wants_page(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether a browser asks: it names HTML, and brings no key."""
    accepted = b",".join(value.lower() for name, value in fields if name == b"accept")
    return PAGE in accepted and not _is_from_program(fields)


def _is_from_program(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request has a key, or sends JSON, or wants nothing else."""
    for name, value in fields:
        text = value.lower()
        if name in KEY_HEADERS or (name == b"authorization" and text.startswith(b"bearer ")):
            return True
        if name == b"content-type" and text.startswith(JSON):
            return True
        if name == b"accept" and JSON in text and PAGE not in text:
            return True
    return False
