"""Which of an upstream's headers a client gets: by allow-list, and only with values that are plain.

A value with a line break or a character that HTTP cannot carry would break the connection to the
client in the middle of its response.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from connections.retry_after import retry_after_milliseconds, retry_after_seconds
from wire_formats.sse import MEDIA_TYPE

LONGEST_VALUE = 200
LONGEST_LIST = 2000  # a proxy in front may take no more than 4 KiB for all headers
WORD = re.compile(rb"[A-Za-z0-9._:/@+-]{1,200}")
NUMBER = re.compile(rb"[0-9]{1,12}(?:\.[0-9]{1,6})?")
NAMES = re.compile(rb"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
PASSED_ON = {
    b"openai-processing-ms": ("openai-processing-ms", NUMBER),
    b"openai-version": ("openai-version", WORD),
    b"openai-model": ("openai-model", WORD),
    # From an upstream that is a Gatehouse itself.
    b"x-gateway-dropped-params": ("x-gateway-dropped-params", NAMES),
    b"x-gateway-changed-params": ("x-gateway-changed-params", NAMES),
}
REWRITTEN: dict[str, Callable[[str], int | None]] = {
    "retry-after": retry_after_seconds,
    "retry-after-ms": retry_after_milliseconds,
}
# Keeps buffering proxies from holding a stream back.
STREAMING = {"content-type": f"{MEDIA_TYPE}; charset=utf-8", "x-accel-buffering": "no"}


def passed_on(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Those of ``fields``, the headers of an upstream's response, that go to the client."""
    found: dict[str, str] = {}
    for field, value in fields:
        known = PASSED_ON.get(field.lower())
        if known is None or known[1].fullmatch(value) is None:
            continue
        name, text = known[0], value.decode("ascii")
        found[name] = _cut(f"{found[name]}, {text}" if name in found else text)
    return {name: text for name, text in found.items() if text} if found else found


def retry_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """When to come back, as the upstream says in ``headers``: whole numbers, a day at most."""
    read = {name: parse(headers.get(name, "")) for name, parse in REWRITTEN.items()}
    return {name: str(number) for name, number in read.items() if number is not None}


def is_plain(value: str) -> bool:
    """Whether ``value`` is visible ASCII and spaces, and not empty."""
    return bool(value) and value.isascii() and value.isprintable()


def _cut(names: str) -> str:
    """As many of ``names`` as fit."""
    if len(names) <= LONGEST_LIST:
        return names
    return names[: LONGEST_LIST + 1].rpartition(",")[0]
