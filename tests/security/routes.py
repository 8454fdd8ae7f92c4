"""Every route there is, taken from the URL confs, so that a new one is tested unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, get_resolver

PARAMETER = re.compile(r"<(?:(\w+):)?\w+>")
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``path`` has its parameters filled in; ``methods`` are those its view knows."""

    path: str
    methods: tuple[str, ...]


def routes_of(urlconf: str) -> list[Route]:
    """The routes of ``urlconf``, each path once."""
    found = {f"/{path}": view for path, view in _walk(get_resolver(urlconf), "")}
    return [Route(path=path, methods=_methods(view)) for path, view in sorted(found.items())]


def _walk(resolver: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        path = prefix + _filled_in(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        else:
            yield from _walk(pattern, path)


def _filled_in(pattern: Any) -> str:
    route = getattr(pattern, "_route", None)
    if route is None:
        route = simplify_regex(str(pattern)).lstrip("/")
    return PARAMETER.sub(lambda match: "1" if match[1] == "int" else "open", route)


def _methods(view: Any) -> tuple[str, ...]:
    view_class = getattr(view, "view_class", None)
    return tuple(method for method in METHODS if view_class and hasattr(view_class, method))
