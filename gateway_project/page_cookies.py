"""The cookies of pages stay with this gateway: below its path, and over TLS where it is there."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix


class PageCookies:
    """Middleware: cookies of a gateway below ``/gatehouse`` are not sent to its neighbours.

    A request that came over TLS sets cookies for TLS alone, whatever the settings say: with SQLite
    and no ``GATEWAY_PUBLIC_URL`` nothing else tells that there is a proxy with TLS.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for cookie in response.cookies.values():
            if cookie["path"] == "/":
                cookie["path"] = get_script_prefix()
            if request.is_secure():
                cookie["secure"] = True
        return response
