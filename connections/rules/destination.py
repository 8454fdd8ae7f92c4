"""Where a base URL leads, so that what is secret stays with the place it was given for."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The origin of a URL, with the port that is meant, and its path.

    The path belongs to it, since on a shared host it is what names the account.
    """

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Destination | None:
        """Where ``url`` leads; None where it is not the URL of an upstream."""
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            return None
        scheme = parts.scheme.lower()
        if scheme not in DEFAULT_PORTS or not host or "@" in parts.netloc:
            return None
        port = DEFAULT_PORTS[scheme] if port is None else port
        return cls(scheme=scheme, host=host.lower(), port=port, path=parts.path.rstrip("/"))


def is_same_destination(one: str, other: str) -> bool:
    """Whether two base URLs lead to the same place, so that secrets of one may go to the other.

    Scheme, host, port and path count; ``https://h`` and ``https://h:443/`` are the same. URLs that
    cannot be read are like no other.
    """
    destination = Destination.of(one)
    return destination is not None and destination == Destination.of(other)
