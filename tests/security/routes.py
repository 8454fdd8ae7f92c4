"""Every route there is, taken from the URL confs, so that a new one is tested unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, get_resolver

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``path`` has its parameters filled in, ``pattern`` has them as ``{name}``; ``methods`` are
    those its view knows."""

    path: str
    pattern: str
    methods: tuple[str, ...]
    view: Any


def routes_of(urlconf: str) -> list[Route]:
    """The routes of ``urlconf``, each path once."""
    found = {f"/{_filled_in(route)}": (route, view) for route, view in _walk(urlconf)}
    return [
        Route(
            path=path,
            pattern="/" + PARAMETER.sub(r"{\2}", route),
            methods=_methods(view),
            view=view,
        )
        for path, (route, view) in sorted(found.items(), key=lambda item: item[0])
    ]


def _walk(urlconf: str) -> Iterator[tuple[str, Any]]:
    yield from _walk_below(get_resolver(urlconf), "")


def _walk_below(resolver: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in resolver.url_patterns:
        route = prefix + _route_of(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from _walk_below(pattern, route)


def _route_of(pattern: Any) -> str:
    route = getattr(pattern, "_route", None)
    return simplify_regex(str(pattern)).lstrip("/") if route is None else route


def _filled_in(route: str) -> str:
    return PARAMETER.sub(lambda match: "1" if match[1] == "int" else "open", route)


def _methods(view: Any) -> tuple[str, ...]:
    view_class = getattr(view, "view_class", None)
    return tuple(method for method in METHODS if view_class and hasattr(view_class, method))
