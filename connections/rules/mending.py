"""Slips around a value that are harmless and unmistakable: taken away, and told as a warning."""

from __future__ import annotations

import re

INVISIBLE = "\ufeff\u200b"  # a byte order mark and a space without width, as editors paste them
QUOTES = (('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“"), ("`", "`"))
VISIBLE_ASCII = re.compile(r"[\x21\x23-\x26\x28-\x7e]+")  # allowed in a header, except quotes
BEARER = re.compile(r"(?:authorization:\s*)?bearer\s+(?=\S)", re.IGNORECASE)


def mended(raw: str) -> tuple[str, list[str]]:
    """``raw`` without what surrounds the value, and what that was, in words."""
    slips = []
    value = raw.strip()
    if raw.rstrip("\n").endswith("\r"):
        slips.append("a carriage return, of a file with Windows line endings")
    elif value != raw and not value.startswith(("{", "[")):  # blocks of YAML end with a new line
        slips.append("blanks")
    bare = value.strip(INVISIBLE).strip()
    if bare != value:
        slips.append("an invisible character")
    unquoted = without_quotes(bare)
    if unquoted != bare:
        slips.append("quotes")
    return unquoted, slips


def without_quotes(value: str) -> str:
    """``value`` without the pair of quotes around it, if there is no further quote in it."""
    for opening, closing in QUOTES:
        if len(value) > 1 and value[0] == opening and value[-1] == closing:
            inner = value[1:-1]
            if opening not in inner and closing not in inner:
                return inner.strip()
    return value


def without_bearer(value: str) -> str:
    """``value`` without the word that stands before a key in a header."""
    return BEARER.sub("", value, count=1) if BEARER.match(value) else value


def bare_key(raw: str) -> str:
    """``raw`` as the key that is meant: without blanks, quotes and ``Bearer``."""
    return without_bearer(mended(raw)[0])


def key_problem(key: str) -> str:
    """Why ``key`` cannot be sent in a header, in words that complete "The key …"; else nothing."""
    if VISIBLE_ASCII.fullmatch(key):
        return ""
    return "holds more than visible ASCII characters: a space, a quote, a line break or the like"
