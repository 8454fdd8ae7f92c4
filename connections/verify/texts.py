"""Words of an upstream, made fit to show."""

from __future__ import annotations

from collections.abc import Iterable

from connections.upstream import Upstream
from wire_formats.secrets import without_secrets

LONGEST_QUOTE = 200
SHORTEST_KEY = 4  # shorter values are no secrets, and masking them would spoil texts
SHORTEST_HEADER_VALUE = 8
MASK = "•••"


class Redactor:
    """Masks the secrets of a connection: its keys, and the values of its headers."""

    def __init__(self, upstream: Upstream) -> None:
        keys = {key.secret for key in upstream.keys if len(key.secret) >= SHORTEST_KEY}
        values = {value for _, value in upstream.headers if len(value) >= SHORTEST_HEADER_VALUE}
        self._secrets = frozenset(keys | values)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these as well."""
        self._secrets |= frozenset(secrets)

    def masked(self, text: str) -> str:
        return without_secrets(text, self._secrets, mask=MASK)

    def quoted(self, text: str) -> str:
        """``text`` in one line of at most 200 printable characters, with secrets masked."""
        # Masked before it is shortened: the masking would not find half a key.
        line = " ".join(_printable(self.masked(text)).split())
        return line if len(line) <= LONGEST_QUOTE else f"{line[: LONGEST_QUOTE - 1]}…"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)
