"""Proxies that the gateway's own requests take."""

from __future__ import annotations

import os

from django.core.exceptions import ImproperlyConfigured

from accounts.outgoing_proxies import FROM_ENVIRONMENT, proxies_of_environment, proxy_problem
from gateway_project.settings import environment
from gateway_project.settings.findings import noted


def read_upstream_proxy(value: str) -> str:
    """Empty, ``environment``, or a URL without a slash at its end.

    Raises ``ImproperlyConfigured``, which does not quote the value: it may hold a password.
    """
    if value.lower() == FROM_ENVIRONMENT:
        try:
            proxies_of_environment(os.environ)
        except ValueError as exc:
            raise ImproperlyConfigured(f"GATEWAY_UPSTREAM_PROXY is environment: {exc}.") from None
        return FROM_ENVIRONMENT
    if value and (problem := proxy_problem(value)):
        raise ImproperlyConfigured(
            f"GATEWAY_UPSTREAM_PROXY {problem}. It reads http://[user:password@]host:port, or "
            "environment for HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY."
        )
    return value.rstrip("/")


_proxy = environment.url("GATEWAY_UPSTREAM_PROXY")
GATEWAY_UPSTREAM_PROXY = noted("GATEWAY_UPSTREAM_PROXY", lambda: read_upstream_proxy(_proxy), "")
GATEWAY_UPSTREAM_NO_PROXY = environment.text("GATEWAY_UPSTREAM_NO_PROXY")
