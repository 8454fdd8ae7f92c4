"""Requests as their clients sent them: scheme, host and path before the proxies in front.

``GATEWAY_PUBLIC_URL`` says all three. Without it, ``X-Forwarded-Proto``, ``-Host`` and ``-Prefix``
of trusted proxies do. From other peers these headers count for nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from accounts.trusted_proxies import Trusted, joined_headers, way_of
from gateway_project.settings.front import PREFIX

PROTO, HOST, PATH = b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-prefix"
ADDRESSES = b"x-forwarded-for"
TOLD = frozenset({PROTO, HOST, PATH})
SECURE = frozenset({"https", "wss"})
PLAIN = frozenset({"http", "ws"})
LONGEST_PREFIX = 200

Fields = list[tuple[bytes, bytes]]


class PublicSide:
    """Rewrites ASGI scopes. ``public_url`` is empty or as ``GATEWAY_PUBLIC_URL`` has it."""

    def __init__(self, public_url: str, trusted: Trusted) -> None:
        url = urlsplit(public_url)
        self._scheme, self._host, self._prefix = url.scheme, url.netloc.encode(), url.path
        self._trusted = trusted

    @classmethod
    def of_settings(cls) -> PublicSide:
        return cls(settings.GATEWAY_PUBLIC_URL, settings.GATEWAY_TRUSTED_PROXIES)

    def scope(self, scope: Any) -> Any:
        """``scope`` with the client's scheme and host, and ``root_path`` where clients see it.

        ``path`` is what is below ``root_path``, whether or not a proxy has stripped that.
        """
        fields: Fields = scope["headers"]
        told = self._told(scope, fields) if not TOLD.isdisjoint(dict(fields)) else {}
        if not told and not self._scheme:
            return scope
        # Many proxies pass on a prefix of the client's: with /x, /x/metrics would be /metrics here,
        # and something else to the proxy's own rules.
        prefix = self._prefix if self._scheme else _prefix(told.get(PATH, ""))
        seen = {
            **scope,
            "scheme": self._scheme_of(scope, told.get(PROTO, "")),
            "headers": self._with_host(fields, told.get(HOST, "").encode("latin-1")),
        }
        if prefix:
            seen |= {"root_path": prefix, "path": _below(scope["path"], prefix)}
        return seen

    def _told(self, scope: Any, fields: Fields) -> dict[bytes, str]:
        """What the outermost trusted proxy says. Each of several may have added a value."""
        client = scope.get("client")
        peer: str = client[0] if client else ""
        proxies = way_of(peer, joined_headers(fields, ADDRESSES), self._trusted).proxies
        if not proxies:
            return {}
        return {name: _value(joined_headers(fields, name), proxies) for name in TOLD}

    def _scheme_of(self, scope: Any, told: str) -> str:
        told = told.lower() if told.lower() in SECURE | PLAIN else self._scheme or scope["scheme"]
        is_socket = scope["type"] == "websocket"
        if told in SECURE:
            return "wss" if is_socket else "https"
        return "ws" if is_socket else "http"

    def _with_host(self, fields: Fields, told: bytes) -> Fields:
        """``fields`` with the Host that clients know. A Host that is not answered to stays.

        One that is ``told`` counts among those that are answered to, and changes nothing else.
        """
        hosts = [value for name, value in fields if name == b"host"]
        if len(hosts) != 1:
            return fields
        host = told if told and _is_allowed(told) else hosts[0]
        if self._host and _is_allowed(host):
            host = self._host
        return [(name, host if name == b"host" else value) for name, value in fields]


def with_whole_path(scope: Any) -> Any:
    """``scope`` as Django and Channels want it: its ``path`` begins with its ``root_path``."""
    root = scope.get("root_path", "")
    return {**scope, "path": root + scope["path"]} if root else scope


@lru_cache(maxsize=1000)
def _is_allowed(host: bytes) -> bool:
    domain, _port = split_domain_port(host.decode("latin-1"))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _below(path: str, prefix: str) -> str:
    if path == prefix:
        return "/"
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def _prefix(text: str) -> str:
    """A path that can be put before others; empty for what could lead to another host."""
    text = text.rstrip("/")
    return text if len(text) <= LONGEST_PREFIX and PREFIX.fullmatch(text) else ""


def _value(text: str, proxies: int) -> str:
    values = text.split(",")
    return values[-min(proxies, len(values))].strip()
