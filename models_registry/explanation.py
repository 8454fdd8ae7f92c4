"""Why a user may use a model, or why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.caller import Caller
from accounts.models import ApiKey, User
from infrastructure.patterns import matches
from models_registry.left_out import places_of
from models_registry.models import ModelGrant
from models_registry.snapshot import Snapshot
from models_registry.targets import Target
from resilience import route as routes

ROUTES_ARE_GRANTED = "It is a route: grants count that cover its own id, not those of its targets."


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to the model. ``because`` names what opens it; empty where nothing does."""

    target: Target
    because: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "connection": self.target.connection.upstream.name,
            "upstream_model": self.target.model,
            "public_id": self.target.public_id,
            "is_stale": self.target.is_stale,
            "is_chat": self.target.is_chat,
            "because": self.because,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """``summary`` is one sentence. ``routes`` come in the order they are tried.

    ``notes`` tell what may still get in the way, such as keys that are for other models.
    """

    is_allowed: bool
    summary: str
    routes: tuple[Route, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "allowed": self.is_allowed,
            "summary": self.summary,
            "routes": [route.as_json() for route in self.routes],
            "notes": self.notes,
        }


def explain(snapshot: Snapshot, user: User, model_id: str) -> Explanation:
    """The targets of ``user`` for ``model_id`` in ``snapshot``, and the grants behind them.

    Blocks on the database.
    """
    if not snapshot.options.enable_openai_api:
        return Explanation(is_allowed=False, summary="The API is switched off (ENABLE_OPENAI_API).")
    catalogue = snapshot.catalogue
    targets = [catalogue.targets[position] for position in catalogue.positions(model_id)]
    route = snapshot.route_of(model_id)
    if not targets:
        nothing = f"No enabled connection offers {model_id}."
        return Explanation(
            is_allowed=False,
            summary=f"No target of the route {model_id} serves." if route.targets else nothing,
            notes=(*_left_out(snapshot, route), *_possible_reasons(snapshot, model_id)),
        )
    found = snapshot.view(caller_of(user)).route(model_id) if user.is_active else ()
    usable = {target.key for target in found}
    grants = list(grants_of(user))
    routes = tuple(
        Route(target=target, because=reasons(snapshot, user, target, grants))
        if target.key in usable
        else Route(target=target, because=())
        for target in targets
    )
    return Explanation(
        is_allowed=bool(usable),
        summary=_summary(user, model_id, is_allowed=bool(usable)),
        routes=routes,
        notes=(
            *_left_out(snapshot, route),
            *([] if usable or not route.targets else [ROUTES_ARE_GRANTED]),
            *_notes(user, targets),
        ),
    )


def caller_of(user: User) -> Caller:
    """``user`` as a caller whose key is not narrowed."""
    return Caller(
        user_id=user.pk,
        username=user.username,
        email=user.email,
        display_name=user.display_name,
        is_staff=user.is_staff,
        group_ids=frozenset(user.groups.values_list("pk", flat=True)),
        key_id=UUID(int=0),
        key_hint="",
    )


def grants_of(user: User) -> Any:
    """The grants that count for ``user``: everyone's, those of their groups, and their own."""
    grants = ModelGrant.objects.select_related("group", "user")
    mine = grants.filter(user=user) | grants.filter(everyone=True)
    return (mine | grants.filter(group__in=user.groups.all())).distinct()


def reasons(
    snapshot: Snapshot, user: User, target: Target, grants: list[ModelGrant]
) -> tuple[str, ...]:
    """The grants and switches that let ``user`` use ``target``, each in a few words."""
    found = []
    if user.is_staff:
        found.append("staff may use every model")
    if snapshot.options.bypass_model_access_control:
        found.append("BYPASS_MODEL_ACCESS_CONTROL is on")
    found += (
        f"{grant.pattern} is granted to {grant.grantee}"
        for grant in grants
        if any(matches(grant.pattern, each) for each in target.granted_ids)
    )
    return tuple(found)


def _summary(user: User, model_id: str, *, is_allowed: bool) -> str:
    if not user.is_active:
        return f"{user.username} is switched off, so none of their keys works."
    if is_allowed:
        return f"{user.username} may use {model_id}."
    return f"{user.username} may not use {model_id}: no grant covers it."


def _notes(user: User, targets: list[Target]) -> Any:
    if not any(target.is_chat for target in targets):
        yield "It is not for chat: it is listed with ?all=true, and called on its own endpoint."
    for key in ApiKey.objects.usable().filter(user=user).exclude(model_patterns=[]):
        ids = {each for target in targets for each in target.granted_ids}
        if not any(matches(pattern, each) for pattern in key.model_patterns for each in ids):
            yield f"The key {key.hint} is narrowed to {', '.join(key.model_patterns)}."


def _left_out(snapshot: Snapshot, route: routes.Route) -> Iterator[str]:
    """The targets of a route that serve nobody."""
    for place in places_of(snapshot, route) if route.targets else ():
        if place.left_out:
            yield f"The route leaves out {place.name}: {place.left_out}."


def _possible_reasons(snapshot: Snapshot, model_id: str) -> tuple[str, ...]:
    """Other models that the name may have meant."""
    of_connection = [
        target
        for target in snapshot.targets
        if model_id in {target.model, target.connection.upstream.public_id(target.model)}
    ]
    return tuple(
        f"{target.connection.upstream.name} offers it as {target.public_id}."
        for target in of_connection
    )
