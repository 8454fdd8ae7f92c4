"""Routes and policies from the database, read in three queries."""

from __future__ import annotations

from collections import defaultdict

from resilience import models
from resilience.policy import DEFAULT, Policy
from resilience.route import Route, Routes, RouteTarget, Strategy

NO_CONNECTION = 0  # the id of a target whose connection was deleted


def load_routes() -> Routes:
    """Blocks on the database; call it from a thread."""
    policies: dict[int | None, Policy] = {None: DEFAULT}
    for row in models.ResiliencePolicy.objects.all():
        policies[row.pk] = row.policy()
        if row.is_default:
            policies[None] = policies[row.pk]
    targets = _targets()
    by_model = {
        row.model: Route(
            model=row.model,
            strategy=Strategy(row.strategy),
            targets=tuple(targets[row.pk]),
            context_fallback=row.context_fallback,
            content_fallback=row.content_fallback,
            policy=policies[row.policy_id],
        )
        for row in models.Route.objects.all()
    }
    return Routes(by_model=by_model, default=Route(policy=policies[None]))


def _targets() -> defaultdict[int, list[RouteTarget]]:
    """The targets by their route's id, in the order to try them."""
    targets: defaultdict[int, list[RouteTarget]] = defaultdict(list)
    for row in models.RouteTarget.objects.all():
        target = RouteTarget(
            connection_id=row.connection_id or NO_CONNECTION,
            model=row.model,
            tier=row.tier,
            weight=row.weight,
        )
        targets[row.route_id].append(target)
    return targets
