"""The targets of routes as the configuration has them, and why some of them serve nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connections.models import Connection
from models_registry.models import RegisteredModel
from models_registry.snapshot import Snapshot
from resilience.models.routes import DELETED
from resilience.route import Route, RouteTarget, TargetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target of a route. ``left_out`` says why it serves nobody, empty where it serves."""

    name: str
    connection: str
    target: RouteTarget
    left_out: str = ""


def places_of(snapshot: Snapshot, route: Route) -> list[Place]:
    """The targets of ``route``, in the order to try them. Blocks on the database."""
    return _places(snapshot, [route])[0]


def incomplete_routes(snapshot: Snapshot) -> list[tuple[Route, list[Place]]]:
    """The routes that leave targets out, with all of their targets.

    Blocks on the database: two queries, or none where every route is complete.
    """
    known = snapshot.catalogue.by_key
    routes = [
        route
        for route in snapshot.routes.by_model.values()
        if any(target.key not in known for target in route.targets)
    ]
    return list(zip(routes, _places(snapshot, routes), strict=True)) if routes else []


def _places(snapshot: Snapshot, routes: Sequence[Route]) -> list[list[Place]]:
    """The places of each of ``routes``, of which there is one at least."""
    targets = [target for route in routes for target in route.targets]
    ids = {target.connection_id for target in targets}
    names = dict(Connection.objects.filter(pk__in=ids).values_list("pk", "name"))
    missing = [target for target in targets if target.key not in snapshot.catalogue.by_key]
    reasons = _reasons(snapshot, missing, names)
    return [[_place(target, names, reasons) for target in _in_order(route)] for route in routes]


def _in_order(route: Route) -> list[RouteTarget]:
    return sorted(route.targets, key=lambda each: each.tier)


def _place(target: RouteTarget, names: dict[int, str], reasons: dict[TargetKey, str]) -> Place:
    return Place(
        name=f"{names.get(target.connection_id, DELETED)}/{target.model}",
        connection=names.get(target.connection_id, ""),
        target=target,
        left_out=reasons.get(target.key, ""),
    )


def _reasons(
    snapshot: Snapshot, missing: Sequence[RouteTarget], names: dict[int, str]
) -> dict[TargetKey, str]:
    if not missing:
        return {}
    ids = {target.connection_id for target in missing}
    hidden = set(
        RegisteredModel.objects.filter(is_hidden=True, connection__in=ids)
        .order_by()
        .values_list("connection_id", "model")
    )
    running = {connection.upstream.id for connection in snapshot.connections}

    def reason(target: RouteTarget) -> str:
        if target.connection_id not in names:
            return "its connection was deleted"
        if target.connection_id not in running:
            return "the connection is disabled"
        if target.key in hidden:
            return "the model is hidden"
        return "the connection does not offer the model"

    return {target.key: reason(target) for target in missing}
