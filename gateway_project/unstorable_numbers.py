"""A number in an address that SQLite cannot compare with any of its own is a bad request.

Filters of the admin's lists pass such a number on, where PostgreSQL finds that no row has it.
"""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.views.defaults import bad_request

SAID_BY_SQLITE = "too large to convert to SQLite INTEGER"


class RefuseUnstorableNumbers:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self._get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        if isinstance(exception, OverflowError) and SAID_BY_SQLITE in str(exception):
            return bad_request(request, exception)
        return None
