"""How calls of a model reach a target, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from connections.auth.key_states import KeyReport, KeyState
from connections.upstream import Upstream
from models_registry.left_out import Place, places_of
from models_registry.snapshot import Snapshot
from models_registry.targets import Target
from resilience.live import TargetReport, live_connection
from resilience.route import Route, RouteTarget, TargetKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport:
    """``places`` come in the order to try them; ``upstreams`` are of those that serve."""

    model: str
    route: Route
    is_route: bool
    places: tuple[Place, ...]
    upstreams: tuple[Upstream, ...]

    @property
    def serving(self) -> list[Place]:
        return [place for place in self.places if not place.left_out]

    @property
    def in_words(self) -> str:
        policy = self.route.policy
        by = "its route" if self.is_route else "no route, so by priority of the connections"
        return (
            f"{by}; strategy {self.route.strategy}; at most {policy.max_attempts} attempts, "
            f"{policy.deadline_seconds:g} s to the first content"
        )

    @property
    def notes(self) -> Iterator[str]:
        if not self.serving:
            yield "No target can be used, so calls of it find no model."
        if fallback := self.route.context_fallback:
            yield f"Requests that are too long: {fallback}."
        if fallback := self.route.content_fallback:
            yield f"Requests that a content filter stops: {fallback}."

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "is_route": self.is_route,
            "strategy": self.route.strategy,
            "policy": asdict(self.route.policy),
            "context_fallback": self.route.context_fallback,
            "content_fallback": self.route.content_fallback,
            "targets": [
                {
                    "connection": place.connection,
                    "model": place.target.model,
                    "tier": place.target.tier,
                    "weight": place.target.weight,
                    "left_out": place.left_out or None,
                }
                for place in self.places
            ],
        }


def report_of(snapshot: Snapshot, model_id: str) -> RouteReport | None:
    """None where nothing has the id. Blocks on the database."""
    catalogue = snapshot.catalogue
    targets = [catalogue.targets[position] for position in catalogue.positions(model_id)]
    route = snapshot.route_of(model_id)
    is_route = model_id in snapshot.routes.by_model
    if not targets and not is_route:
        return None
    places = places_of(snapshot, route) if route.targets else [_place(each) for each in targets]
    return RouteReport(
        model=model_id,
        route=route,
        is_route=is_route,
        places=tuple(places),
        upstreams=tuple(target.connection.upstream for target in targets),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """What workers know of the targets and of their connections' keys that are not well."""

    targets: dict[TargetKey, TargetReport]
    keys: dict[int, tuple[KeyReport, ...]]

    def keys_for(self, target: RouteTarget) -> list[KeyReport]:
        """The keys that cannot be used for ``target`` now."""
        of_connection = self.keys.get(target.connection_id, ())
        return [key for key in of_connection if key.model in {None, target.model}]


def states_of(report: RouteReport) -> States:
    """What workers know, as far as they share it. May block for a second or two."""
    known = {
        upstream.id: live_connection(upstream.id, upstream.keys) for upstream in report.upstreams
    }
    return States(
        targets={
            (connection_id, target.model): target
            for connection_id, live in known.items()
            for target in live.targets
        },
        keys={
            connection_id: tuple(key for key in live.keys if key.state is not KeyState.OK)
            for connection_id, live in known.items()
        },
    )


def _place(target: Target) -> Place:
    upstream = target.connection.upstream
    offered = RouteTarget(
        connection_id=upstream.id, model=target.model, tier=target.tier, weight=target.weight
    )
    return Place(name=target.qualified_id, connection=upstream.name, target=offered)
