"""The targets of routes as the configuration has them, and why some of them serve nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    names = dict(
        Connection.objects.filter(
            pk__in=[target.connection_id for target in route.targets]
        ).values_list("pk", "name")
    )
    missing = [target for target in route.targets if target.key not in snapshot.catalogue.by_key]
    reasons = _reasons(snapshot, missing, names)
    return [
        Place(
            name=f"{names.get(target.connection_id, DELETED)}/{target.model}",
            connection=names.get(target.connection_id, ""),
            target=target,
            left_out=reasons.get(target.key, ""),
        )
        for target in sorted(route.targets, key=lambda each: each.tier)
    ]


def incomplete_routes(snapshot: Snapshot) -> Iterable[tuple[Route, list[Place]]]:
    """The routes that leave targets out, with all of their targets. Blocks on the database."""
    known = snapshot.catalogue.by_key
    for route in snapshot.routes.by_model.values():
        if any(target.key not in known for target in route.targets):
            yield route, places_of(snapshot, route)


def _reasons(
    snapshot: Snapshot, missing: Sequence[RouteTarget], names: dict[int, str]
) -> dict[TargetKey, str]:
    if not missing:
        return {}
    hidden = set(
        RegisteredModel.objects.filter(
            is_hidden=True, connection__in=[target.connection_id for target in missing]
        ).values_list("connection_id", "model")
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
