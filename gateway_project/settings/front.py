"""How the gateway is reached: the URL that browsers know, the proxies in front, and TLS there."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.trusted_proxies import LOOPBACK, Trusted, read_trusted
from gateway_project.settings import environment
from gateway_project.settings.findings import noted

DEFAULT_PORTS = {"http": 80, "https": 443}
# No dots alone, which browsers resolve; no commas, which separate the values of a header.
PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~!$&'()*+;=:@-]+)+")


def read_public_url(value: str) -> str:
    """Scheme, host, port unless it is the usual one, and path without a slash at its end.

    Empty for an empty value. Raises ``ImproperlyConfigured``.
    """
    if not value:
        return ""
    wanted = "GATEWAY_PUBLIC_URL must read https://host or https://host/path"
    try:
        url = urlsplit(value)
        host, port = url.hostname, url.port
    except ValueError:  # which quotes a part of the value
        raise ImproperlyConfigured(f"{wanted}; its host or port cannot be read.") from None
    scheme = url.scheme.lower()
    if scheme not in DEFAULT_PORTS or not host or re.search(r"[\s\\]", value):
        raise ImproperlyConfigured(f"{wanted}; http:// is possible, too.")
    if url.username is not None or url.query or url.fragment:
        raise ImproperlyConfigured(f"{wanted}, without a user, a query or a fragment.")
    path = url.path.rstrip("/")
    if path and not PREFIX.fullmatch(path):
        raise ImproperlyConfigured(f"{wanted}; its path holds more than letters, digits and -._~.")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    return f"{scheme}://{netloc}{path}"


def read_trusted_proxies(value: str) -> Trusted:
    """Raises ``ImproperlyConfigured``."""
    try:
        return read_trusted(value)
    except ValueError as exc:
        raise ImproperlyConfigured(
            "GATEWAY_TRUSTED_PROXIES must be the number of proxies, or their addresses and "
            f"networks with commas between them, such as 10.0.0.0/8: {exc}."
        ) from None


_public_url = environment.text("GATEWAY_PUBLIC_URL")
GATEWAY_PUBLIC_URL = noted("GATEWAY_PUBLIC_URL", lambda: read_public_url(_public_url), "")
_trusted = environment.text("GATEWAY_TRUSTED_PROXIES", LOOPBACK)
GATEWAY_TRUSTED_PROXIES = noted(
    "GATEWAY_TRUSTED_PROXIES", lambda: read_trusted_proxies(_trusted), read_trusted(LOOPBACK)
)


def with_public_host(hosts: list[str]) -> list[str]:
    """``hosts`` and the host of ``GATEWAY_PUBLIC_URL``, for ``ALLOWED_HOSTS``."""
    host = urlsplit(GATEWAY_PUBLIC_URL).hostname
    if not host:
        return hosts
    public = f"[{host}]" if ":" in host else host
    return hosts if public in hosts else [*hosts, public]


def is_over_tls(*, default: bool) -> bool:
    """Whether pages are for HTTPS alone: as ``GATEWAY_HTTPS`` says, else as the public URL does."""
    if GATEWAY_PUBLIC_URL:
        default = GATEWAY_PUBLIC_URL.startswith("https:")
    return environment.switch("GATEWAY_HTTPS", default=default)
