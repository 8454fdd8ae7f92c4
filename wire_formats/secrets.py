"""Removing secrets from what an upstream said, before anybody is shown it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import orjson

from wire_formats.json_numbers import load_json, write_json

REMOVED = "[removed]"
LONGEST_TEXT = 2000
DEEPEST = 20
# Credentials that the gateway does not know: a provider may quote those of the provider behind it.
IN_QUERY = re.compile(
    r"([?&](?:api[-_]?key|key|access[-_]?token|token|sig|signature|secret|password)=)[^&\s\"'<>]+",
    re.IGNORECASE,
)
IN_HEADER = re.compile(
    r"\b((?i:bearer|basic))(\s+)(?=[\w.~+/-]*(?:\d|[a-z][A-Z]))[\w.~+/-]{8,}=*", re.ASCII
)
IN_AUTHORITY = re.compile(r"(://)[^/\s@\"'<>]{1,200}@")


def _longest_first(secrets: Iterable[str]) -> list[str]:
    """``secrets`` in the order of their removal: one may be part of another."""
    return sorted(secrets, key=len, reverse=True)


def without_secrets(text: str, secrets: Iterable[str], *, mask: str = REMOVED) -> str:
    """``text`` with ``mask`` in the place of every one of ``secrets``."""
    for secret in _longest_first(secrets):
        text = text.replace(secret, mask)
    return text


def safe_text(text: str, secrets: Iterable[str]) -> str:
    """``text`` of an error without ``secrets``, and without what looks like a credential."""
    text = without_secrets(text, {each for secret in secrets for each in _spellings(secret)})
    text = IN_QUERY.sub(rf"\1{REMOVED}", text)
    text = IN_HEADER.sub(rf"\1\2{REMOVED}", text)
    return IN_AUTHORITY.sub(rf"\1{REMOVED}@", text)


def _spellings(secret: str) -> Iterator[str]:
    """``secret`` as it stands in a text, in a URL, and in JSON that is quoted within a text."""
    quoted = json.dumps(secret)[1:-1]
    yield from (secret, quote(secret, safe=""), quoted, quoted.replace("/", r"\/"))


def _safe_json(text: str, secrets: frozenset[str], depth: int) -> str:
    """A text that may be JSON itself, in which a character can be written in many ways."""
    try:
        value = load_json(text.encode())
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return safe_text(text, secrets)
    told = cleaned(value, secrets, depth=depth - 1)
    return safe_text(text if told == value else write_json(told).decode(), secrets)


def cleaned(
    value: Any,
    secrets: frozenset[str],
    *,
    depth: int = DEEPEST,
    longest: int | None = LONGEST_TEXT,
) -> Any:
    """``value`` with no secret in any string of it, and none longer than ``longest`` characters.

    What is nested deeper than ``depth`` is left out: nobody reads an error as deep as that.
    """
    match value:
        case str() if depth and value.startswith(("{", "[")) and "\\" in value:
            return _safe_json(value, secrets, depth)[:longest]
        case str():
            return safe_text(value, secrets)[:longest]
        case dict() | list() if not depth:
            return None
        case dict():
            return {
                safe_text(name, secrets): cleaned(each, secrets, depth=depth - 1, longest=longest)
                for name, each in value.items()
            }
        case list():
            return [cleaned(each, secrets, depth=depth - 1, longest=longest) for each in value]
        case _:
            return value


def failure_without_secrets(response: Any, secrets: Iterable[str]) -> Any:
    """An answer that tells of its own failure, with no secret in what it says of that.

    Its strings are gone through, not its bytes: JSON may write one string in many ways.
    """
    if isinstance(response, dict) and response.get("error"):
        return response | {"error": cleaned(response["error"], frozenset(secrets))}
    return response
