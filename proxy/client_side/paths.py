"""From a request's path to its view, with all the ways that base URLs are written."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404
from django.urls import ResolverMatch, get_resolver

from proxy.client_side.errors import AnsweredError, ApiError

MOST_SEGMENTS = 12  # of a path that is searched for one of the API's
PASSED_ON = "/passthrough/"
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Paths:
    """The routes of ``urlconf``. Those without a variable part are remembered."""

    def __init__(self, urlconf: str) -> None:
        self._resolver = get_resolver(urlconf)
        self._fixed: dict[str, ResolverMatch] = {}

    def match(self, path: str) -> ResolverMatch:
        """The view of ``path``. Raises ``ApiError`` with the path that may be meant."""
        plain = plain_path(path)
        match = self._fixed.get(plain) or self._resolved(plain)
        if match is None:
            raise self._no_endpoint(plain)
        return match

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods that ``path`` knows. Raises ``ApiError``."""
        view: Any = self.match(path).func
        methods: tuple[str, ...] = view.cls.methods()
        return methods

    def _resolved(self, path: str) -> ResolverMatch | None:
        try:
            match = self._resolver.resolve(path)
        except Http404:
            return None
        if not match.args and not match.kwargs:
            # Routes without a variable part are few; trying them in turn takes 30 µs.
            self._fixed[path] = match
        return match

    def _no_endpoint(self, path: str) -> ApiError:
        segments = path.split("/")[2:MOST_SEGMENTS]
        ends = (f"/{'/'.join(segments[n:])}" for n in range(len(segments)))
        meant = next((end for end in ends if self._is_fixed(end)), "")
        hint = f" Did you mean {meant}?" if meant else ""
        return AnsweredError(
            f"There is no such endpoint.{hint} The base URL ends in /v1 for OpenAI's clients, and "
            "has no path for Anthropic's.",
            status=HTTPStatus.NOT_FOUND,
            kind="invalid_request_error",
            code="not_found",
        )

    def _is_fixed(self, path: str) -> bool:
        match = self._resolved(path)
        return match is not None and not match.kwargs


def plain_path(path: str) -> str:
    """Base URLs are often written with a slash too many, and paths with one at their end.

    The end of a path that is passed on means what it means to the upstream.
    """
    while "//" in path:
        path = path.replace("//", "/")
    if not path.endswith("/") or path == "/" or PASSED_ON in path:
        return path
    return path[:-1]
