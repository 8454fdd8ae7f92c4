"""What a large installation has beside people, models and requests: limits, routes, overrides.

Each row is saved as a form would save it, so that the history has its line.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any


def furnish(each: int, *, users: Sequence[Any], groups: Sequence[Any]) -> None:
    """``each`` rows of every kind, or as many as there are users, groups or models for them."""
    number = min(each, len(users), len(groups))
    _limits(number, users, groups)
    _routes(number)
    _portal(number, users, groups)


def _limits(number: int, users: Sequence[Any], groups: Sequence[Any]) -> None:
    from limits.models import Limit, LimitAlert

    plain = {"metric": "requests", "amount": Decimal(100_000), "window": "day"}
    for n in range(number):
        of_group = {"subject_kind": "group", "group_id": groups[n].pk}
        Limit.objects.create(label=f"group {n}", **plain, **of_group)
        of_user = {"subject_kind": "user", "user_id": users[n].pk, "share": "each_user"}
        limit = Limit.objects.create(label=f"user {n}", **plain, **of_user)
        LimitAlert.objects.create(limit=limit, start=n, threshold=80)


def _routes(number: int) -> None:
    from connections.models import Connection
    from models_registry.models import RegisteredModel
    from resilience.models import ResiliencePolicy, Route, RouteTarget
    from usage.models import Price

    connections = list(Connection.objects.order_by("pk"))
    offered = [(row, model) for row in connections for model in row.model_ids]
    for n, (connection, model) in enumerate(offered[:number]):
        policy = ResiliencePolicy.objects.create(name=f"policy {n}")
        route = Route.objects.create(model=f"route-{n}", policy=policy)
        for position, behind in enumerate(connections[:2]):
            RouteTarget.objects.create(
                route=route, connection=behind, model=model, position=position
            )
        RegisteredModel.objects.create(connection=connection, model=model, public_id=f"alias-{n}")
        Price.objects.create(model=model, connection=connection.name, input_per_million=1)


def _portal(number: int, users: Sequence[Any], groups: Sequence[Any]) -> None:
    from portal.models import AccessRequest, GroupManager, KeyPolicy

    for n in range(number):
        KeyPolicy.objects.create(group_id=groups[n].pk)
        GroupManager.objects.create(group_id=groups[n].pk, user_id=users[n].pk)
        AccessRequest.objects.create(asked_by_id=users[n].pk, model=f"wanted-{n}")
