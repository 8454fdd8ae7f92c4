"""The targets of routes: copies of what connections offer, under the id of the route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import orjson

from models_registry.targets import Target
from resilience.route import Route, Routes, RouteTarget, TargetKey


def routed(targets: Sequence[Target], routes: Routes) -> Iterator[Target]:
    """A copy for each target that a route names, in the order of the route.

    What no enabled connection offers, or an admin has hidden, is left out.
    """
    wanted = routed_ids(routes)
    offered = {key: target for target in targets if (key := target.key) in wanted}
    for route in routes.by_model.values():
        for place in sorted(route.targets, key=lambda each: each.tier):
            if target := offered.get(place.key):
                yield _copy(target, route, place)


def routed_ids(routes: Routes) -> Mapping[TargetKey, list[str]]:
    """The ids of the routes that lead to each target."""
    ids: defaultdict[TargetKey, list[str]] = defaultdict(list)
    for route in routes.by_model.values():
        for place in route.targets:
            ids[place.key].append(route.model)
    return ids


def _copy(target: Target, route: Route, place: RouteTarget) -> Target:
    name = target.registration.display_name or route.model
    return replace(
        target,
        public_id=route.model,
        rendered=orjson.dumps(target.entry | {"id": route.model, "name": name}),
        tier=place.tier,
        weight=place.weight,
        is_routed=True,
    )
