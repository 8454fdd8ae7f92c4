"""Trying the connections behind a route."""

from __future__ import annotations

from typing import Any

from connections.verify import Verification
from connections.verify.keeping import verify_and_keep
from models_registry.route_report import RouteReport

Found = dict[int, Verification]


def tried(report: RouteReport, **options: Any) -> Found:
    """What was found of each connection that serves, by its id.

    A trial asks for lists of models and never for a response, so it costs nothing. ``options`` are
    those of :func:`connections.verify.verify`.
    """
    upstreams = list({upstream.id: upstream for upstream in report.upstreams}.values())
    found = verify_and_keep(upstreams, **options)
    return dict(zip((upstream.id for upstream in upstreams), found, strict=True))
