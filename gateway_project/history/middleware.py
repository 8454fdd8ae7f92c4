"""Changes of a page come from the person who asked for it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts.client_address import address_of_request
from infrastructure.origin import Origin, Way, made_by


class TellOrigin:
    """Behind the middleware that knows the user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = Origin(
            way=Way.PAGE,
            name=request.path,
            address=address_of_request(request.META),
            user=lambda: request.user if request.user.is_authenticated else None,
        )
        with made_by(origin):
            return self._get_response(request)
