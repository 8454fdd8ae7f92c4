"""Which proxy an outgoing request takes: to upstreams, identity providers and issuers of tokens.

``GATEWAY_UPSTREAM_PROXY`` is the URL of one, or ``environment`` for those of ``HTTP_PROXY``,
``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``. ``GATEWAY_UPSTREAM_NO_PROXY`` names exceptions. A
connection may have a proxy of its own, or none.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

FROM_ENVIRONMENT = "environment"
NO_PROXY = "none"  # of a connection
HIDDEN = "…"  # in place of a password
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxies:
    """URLs of proxies for ``http`` and ``https``, each empty for none.

    ``exceptions`` are as ``NO_PROXY`` is written: hosts, which stand for those below them as well,
    ``.suffixes``, addresses and networks, each perhaps with a port, or ``*`` for all.
    """

    http: str = field(default="", repr=False)
    https: str = field(default="", repr=False)
    exceptions: str = ""

    def __bool__(self) -> bool:
        return bool(self.http or self.https)

    def of(self, url: str, *, override: str = "") -> str:
        """The proxy for a request to ``url``; empty for none.

        ``override`` is a connection's own choice: empty, ``none`` or the URL of a proxy.
        """
        if override:
            return "" if override == NO_PROXY else override
        if not self:
            return ""
        parts = urlsplit(url)
        proxy = self.https if parts.scheme in {"https", "wss"} else self.http
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
        return "" if is_excepted(self.exceptions, parts.hostname or "", port) else proxy


def proxies_of_settings() -> Proxies:
    """What the settings say at this moment."""
    chosen: str = settings.GATEWAY_UPSTREAM_PROXY
    exceptions: str = settings.GATEWAY_UPSTREAM_NO_PROXY
    if chosen == FROM_ENVIRONMENT:
        return proxies_of_environment(os.environ, exceptions=exceptions)
    return Proxies(http=chosen, https=chosen, exceptions=exceptions)


def proxies_of_environment(variables: Mapping[str, str], *, exceptions: str = "") -> Proxies:
    """Those of the usual variables, of which the names in small letters win.

    A value without a scheme is an HTTP proxy, as for other programs. Raises ``ValueError`` for one
    that cannot be used, with the variable's name and without its value.
    """
    every = _proxy_of(variables, "ALL_PROXY")
    excepted = variables.get("no_proxy") or variables.get("NO_PROXY", "")
    return Proxies(
        http=_proxy_of(variables, "HTTP_PROXY") or every,
        https=_proxy_of(variables, "HTTPS_PROXY") or every,
        exceptions=",".join(part for part in (excepted, exceptions) if part),
    )


def proxy_problem(url: str) -> str:
    """The mistake in the URL of a proxy, as the end of a sentence that does not quote it."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in DEFAULT_PORTS:
        return "must begin with http:// or https://"
    if not host or any(character.isspace() or character == "\\" for character in url):
        return "names no host"
    if parts.path.strip("/") or parts.query or parts.fragment:
        return "must end with its host or port; write @, /, ? and # in a password as %40 and so on"
    return ""


def split_credentials(url: str) -> tuple[str, str]:
    """``url`` without its user and password, and these as they are written in it."""
    scheme, mark, rest = url.partition("://")
    userinfo, at, host = rest.rpartition("@")
    return (f"{scheme}{mark}{host}", userinfo) if at else (url, "")


def with_credentials(url: str, userinfo: str) -> str:
    scheme, mark, host = url.partition("://")
    return f"{scheme}{mark}{userinfo}@{host}" if userinfo else url


def masked_proxy(url: str) -> str:
    """``url`` with something else in the place of its password, or of a user without one."""
    bare, userinfo = split_credentials(url)
    user, colon, _password = userinfo.partition(":")
    return with_credentials(bare, f"{user}:{HIDDEN}" if colon else HIDDEN if userinfo else "")


@lru_cache(maxsize=4096)
def is_excepted(exceptions: str, host: str, port: int) -> bool:
    """Whether ``host`` is among ``exceptions``. Networks are compared with literal addresses."""
    bare = host.lower().rstrip(".")
    parts = exceptions.replace(",", " ").split()
    return any(_covers(part.lower(), bare, port) for part in parts)


def _covers(exception: str, host: str, port: int) -> bool:
    if exception == "*":
        return True
    if network := _network(exception):
        return _is_in(host, network)
    name, wanted_port = _host_and_port(exception)
    if wanted_port and wanted_port != port:
        return False
    if network := _network(name):
        return _is_in(host, network)
    name = name.removeprefix("*").strip(".")
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _host_and_port(text: str) -> tuple[str, int]:
    name, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal():
        return text.strip("[]"), 0
    return name.strip("[]"), int(port)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _is_in(host: str, network: IPv4Network | IPv6Network) -> bool:
    try:
        return ip_address(host.strip("[]")) in network
    except ValueError:
        return False


def _proxy_of(variables: Mapping[str, str], name: str) -> str:
    value = (variables.get(name.lower()) or variables.get(name, "")).strip().rstrip("/")
    if not value:
        return ""
    url = value if "://" in value else f"http://{value}"
    if problem := proxy_problem(url):
        raise ValueError(f"{name} {problem}")
    return url
