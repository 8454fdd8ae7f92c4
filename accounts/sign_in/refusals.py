"""The status of a page that refuses a try: 429, and when to come again."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

A_MINUTE = 60  # seconds: the window of allauth's own limits


class TellTooManyTries:
    """Middleware: a form that was refused for too many tries is no success, but reads as one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        seconds: int | None = getattr(request, "retry_after_seconds", None)
        if seconds is not None and response.status_code == HTTPStatus.OK:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.headers.setdefault("Retry-After", str(seconds or A_MINUTE))
        return response
