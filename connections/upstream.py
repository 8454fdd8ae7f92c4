"""A connection as the request path sees it: resolved, immutable, with its secrets opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from accounts.outgoing_proxies import split_credentials
from infrastructure.patterns import matches

SHORTEST_SECRET = 8  # shorter header values are words, and masking them would spoil texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds an upstream may take; each starts again where it applies.

    ``connect``: name resolution, TCP and TLS. ``first_byte``: from the request sent to the headers
    of its response. ``idle``: between two reads of the response's body, and between two writes of
    the request's. ``total``: from start to last byte, where the time to send a body in pieces does
    not count, but has a limit of its own, ``upload``.
    """

    connect: float
    first_byte: float
    idle: float
    total: float
    upload: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamKey:
    """One key, in the clear for signing. ``hint`` is what logs may show.

    ``weight`` is its share among the keys of its connection. The key serves the models whose
    upstream names match one of ``model_patterns``; an empty tuple matches every model.
    """

    id: str
    secret: str = field(repr=False)
    hint: str = ""
    weight: int = 1
    model_patterns: tuple[str, ...] = ()

    @property
    def is_sendable(self) -> bool:
        """Whether the secret is there and fits into a header."""
        return bool(self.secret) and self.secret.isprintable()

    def serves(self, model: str) -> bool:
        """Whether the key is for ``model``; requests that name none can be signed by any."""
        patterns = self.model_patterns
        return not patterns or not model or any(matches(pattern, model) for pattern in patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One enabled connection. ``verify_tls`` is True, False, or the path of a CA file."""

    id: int
    name: str
    url_index: int
    provider: str
    base_url: str
    auth_type: str
    keys: tuple[UpstreamKey, ...] = ()
    priority: int = 10
    api_version: str = ""
    api_type: str = ""
    model_ids: tuple[str, ...] = ()
    prefix_id: str = ""
    tags: tuple[str, ...] = ()
    connection_type: str = "external"
    headers: tuple[tuple[str, str], ...] = ()
    verify_tls: bool | Path = True
    timeout_seconds: float = 300.0
    forward_cookies: bool = False
    auth_scope: str = ""
    shares_account_objects: bool = False
    costs_nothing: bool = False
    # Empty for the gateway's, "none", or the URL of one, with its password.
    proxy: str = field(default="", repr=False)
    # Keys and extra headers: an upstream may echo them, and no client may see them.
    secrets: frozenset[str] = field(init=False, repr=False, compare=False)
    # The secrets and the upstream's address: no error message may repeat them.
    kept_from_errors: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Gather both once, since every request asks for them."""
        headers = {value for _, value in self.headers if len(value) >= SHORTEST_SECRET}
        _, userinfo = split_credentials(self.proxy)
        secrets = frozenset(
            headers
            | {key.secret for key in self.keys if key.secret}
            | {part for part in userinfo.split(":", 1) if len(part) >= SHORTEST_SECRET}
        )
        object.__setattr__(self, "secrets", secrets)
        object.__setattr__(self, "kept_from_errors", secrets | whereabouts(self.base_url))

    def public_id(self, model: str) -> str:
        """The id under which clients see the upstream's ``model``."""
        return f"{self.prefix_id}.{model}" if self.prefix_id else model


@lru_cache(maxsize=1024)
def whereabouts(base_url: str) -> frozenset[str]:
    """The spellings of where ``base_url`` leads. A host that could be a word is none of them."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
    except ValueError:  # not a URL; nothing is called there
        return frozenset({base_url})
    found = {base_url, f"{parts.scheme}://{parts.netloc}", f"//{parts.netloc}"}
    found |= {parts.netloc} if ":" in parts.netloc else set()
    return frozenset(found | ({host} if "." in host or ":" in host else set()))
