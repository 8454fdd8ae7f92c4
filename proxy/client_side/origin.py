"""Which pages may use the cookies that browsers send along with any of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.utils.http import is_same_domain


def check_host(scope: Any) -> None:
    """Raises ``DisallowedHost`` for a Host that ``ALLOWED_HOSTS`` does not know."""
    request = HttpRequest()
    hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    request.META = {"HTTP_HOST": hosts[0] if len(hosts) == 1 else "", "SERVER_NAME": ""}
    request.META["SERVER_PORT"] = "80"
    request.get_host()


def is_own_origin(scope: Any) -> bool:
    """Whether a request comes from a page of this host, or of ``CSRF_TRUSTED_ORIGINS``."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1").lower()
    try:
        check_host(scope)
        parts = urlsplit(origin)
    except (DisallowedHost, ValueError):
        return False
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return False
    is_secure = scope.get("scheme") in {"wss", "https"}
    if parts.netloc == headers[b"host"].decode("latin-1").lower() and (
        parts.scheme == "https" or not is_secure
    ):
        return True
    return any(_matches(parts.scheme, parts.netloc, t) for t in settings.CSRF_TRUSTED_ORIGINS)


def is_foreign(scope: Any) -> bool:
    """Whether a request comes from another site's page; programs have no Origin."""
    return b"origin" in dict(scope["headers"]) and not is_own_origin(scope)


def _matches(scheme: str, netloc: str, trusted: str) -> bool:
    """Trusted origins may have a wildcard for subdomains, as in Django."""
    pattern = urlsplit(trusted)
    return pattern.scheme == scheme and is_same_domain(netloc, pattern.netloc.removeprefix("*"))
