"""Words of an upstream, made fit to show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from connections.upstream import Upstream
from wire_formats.json_numbers import load_json

LONGEST_QUOTE = 200
SHORTEST_KEY = 4  # what is shorter is no secret, and masking it would garble every text
SHORTEST_HEADER_VALUE = 8
MASK = "•••"


class Redactor:
    """Masks the secrets of a connection: its keys, and the values of its headers."""

    def __init__(self, upstream: Upstream) -> None:
        keys = {key.secret for key in upstream.keys if len(key.secret) >= SHORTEST_KEY}
        values = {value for _, value in upstream.headers if len(value) >= SHORTEST_HEADER_VALUE}
        self._secrets: list[str] = []
        self.learn(keys | values)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these as well."""
        # Longest first: a secret may hold another.
        self._secrets = sorted({*self._secrets, *secrets}, key=len, reverse=True)

    def masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def quoted(self, text: str) -> str:
        """``text`` in one line of at most 200 printable characters, with secrets masked."""
        # Masked first: half a key, left by the shortening, would not be found any more.
        line = " ".join(_printable(self.masked(text)).split())
        return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"


def error_message(body: bytes) -> str:
    """What an upstream says went wrong, if it says so in JSON; empty otherwise."""
    try:
        answer: Any = load_json(body)
    except orjson.JSONDecodeError:
        return ""
    match answer:
        case [{"error": _} as first, *_]:  # Google wraps its error in a list
            return _message(first)
        case dict():
            return _message(answer)
        case _:
            return ""


def _message(answer: dict[str, Any]) -> str:
    match answer:
        case {"error": {"message": str(message)}} | {"error": str(message)}:
            return message
        case {"message": str(message)} | {"detail": str(message)}:
            return message
        case _:
            return ""


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
