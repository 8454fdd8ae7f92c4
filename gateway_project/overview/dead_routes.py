"""Routes of which no target can be asked now, as this worker knows it."""

from __future__ import annotations

from models_registry.registry import active, is_running
from models_registry.snapshot import Snapshot
from resilience.states import states


def dead_routes() -> list[str]:
    """Their public ids. Empty in a process that serves no models."""
    return dead_routes_of(active().snapshot) if is_running() else []


def dead_routes_of(snapshot: Snapshot) -> list[str]:
    """The routes of ``snapshot`` whose targets all are gone or rest."""
    offered = {target.key for target in snapshot.targets}
    resting = {state.key for state in states.known() if state.available_at}
    return sorted(
        model_id
        for model_id, route in snapshot.routes.by_model.items()
        if route.targets
        and all(each.key not in offered or each.key in resting for each in route.targets)
    )
