"""A route: the targets that serve one public id, and how one of them is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from resilience.policy import DEFAULT, Policy

TargetKey = tuple[int, str]  # the connection's id and the upstream's name of the model


class Candidate(Protocol):
    """A target that may serve a request. Lower tiers come first; weights count within a tier."""

    @property
    def key(self) -> TargetKey: ...

    @property
    def tier(self) -> int: ...

    @property
    def weight(self) -> int: ...


class Strategy(StrEnum):
    """The order of the targets of one tier."""

    FIRST = "first"
    WEIGHTED = "weighted"
    LEAST_BUSY = "least_busy"
    LATENCY = "latency"
    COST = "cost"
    AFFINITY = "affinity"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTarget:
    """A target of a route. Lower tiers are asked first; weights count within a tier."""

    connection_id: int
    model: str
    tier: int = 1
    weight: int = 1

    @property
    def key(self) -> TargetKey:
        return self.connection_id, self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``targets`` are empty where every connection that offers the id serves it, by priority.

    ``context_fallback`` and ``content_fallback`` are the ids of models, empty for none.
    """

    model: str = ""
    strategy: Strategy = Strategy.FIRST
    targets: tuple[RouteTarget, ...] = ()
    context_fallback: str = ""
    content_fallback: str = ""
    policy: Policy = DEFAULT


NO_ROUTE = Route()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """All routes by their public id; ``default`` is that of every other model."""

    by_model: Mapping[str, Route] = field(default_factory=dict)
    default: Route = NO_ROUTE

    def of(self, model_id: str) -> Route:
        return self.by_model.get(model_id, self.default)


NO_ROUTES = Routes()
