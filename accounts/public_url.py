"""The addresses at which people reach the gateway."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix, reverse


def public_url(request: HttpRequest) -> str:
    """``GATEWAY_PUBLIC_URL``, or else where ``request`` came to. No slash at its end."""
    told: str = settings.GATEWAY_PUBLIC_URL
    return told or request.build_absolute_uri(get_script_prefix()).rstrip("/")


def base_url(request: HttpRequest) -> str:
    """The base URL of the API."""
    return f"{public_url(request)}/v1"


def below(url: str, page: str, *args: object) -> str:
    """The address of the page with the name ``page``, where the gateway is at ``url``.

    ``url`` has no slash at its end. A prefix of the gateway's paths is in it already.
    """
    path = reverse(page, args=args, urlconf=settings.ROOT_URLCONF)
    return f"{url}/{path.removeprefix(get_script_prefix())}"


def public_link(page: str, *args: object) -> str:
    """As :func:`below`, at ``GATEWAY_PUBLIC_URL``; empty where that is not set."""
    told: str = settings.GATEWAY_PUBLIC_URL
    return below(told, page, *args) if told else ""
