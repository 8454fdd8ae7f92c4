"""Warnings for admins about the models that this worker serves."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.timesince import timesince
from django.utils.timezone import get_current_timezone

from connections.calling.open_connection import OpenConnection
from models_registry.left_out import Place, incomplete_routes
from models_registry.listings import Listing
from models_registry.pipelines_filters import has_filters
from models_registry.registry import active, is_running
from models_registry.snapshot import Snapshot
from resilience.route import Route

MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What a warning is about: a sentence, and the connection to look at, if there is one."""

    text: str
    connection_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelWarning:
    """One line, however many connections or routes it is about, with a detail for each."""

    text: str
    details: tuple[Detail, ...] = ()


def warnings(*, with_connections: bool = True) -> list[ModelWarning]:
    """What admins are warned of. Nothing if no gateway runs in this process.

    Without connections on pages that tell of these themselves.
    """
    if not is_running():
        return []
    snapshot = active().snapshot
    stale = _stale_connections() if with_connections else ()
    return [*stale, *_collisions(snapshot), *_incomplete_routes(snapshot)]


def _collisions(snapshot: Snapshot) -> Iterable[ModelWarning]:
    collisions = snapshot.catalogue.collisions
    if not collisions:
        return
    what = "1 model is" if len(collisions) == 1 else f"{len(collisions):,} models are"
    named = _named([collision.model_id for collision in collisions])
    yield ModelWarning(
        text=f"{what} offered more than once ({named}). "
        "The lowest priority number serves; a prefix or an alias keeps them apart."
    )


def _incomplete_routes(snapshot: Snapshot) -> Iterable[ModelWarning]:
    found = incomplete_routes(snapshot)
    if not found:
        return
    details = tuple(Detail(text=_gaps(route, places)) for route, places in found[:MOST_NAMED])
    if len(found) == 1:
        yield ModelWarning(text=details[0].text)
        return
    named = _named([route.model for route, _ in found])
    yield ModelWarning(text=f"{len(found):,} routes leave targets out: {named}.", details=details)


def _gaps(route: Route, places: list[Place]) -> str:
    missing = [place for place in places if place.left_out]
    named = "; ".join(f"{place.name} ({place.left_out})" for place in missing[:MOST_NAMED])
    serves = " No target is left, so calls of it find no model."
    return (
        f"The route {route.model} leaves out {named}."
        f"{serves if len(missing) == len(places) else ''}"
    )


def _stale_connections() -> Iterable[ModelWarning]:
    stale = [
        (c.upstream, _silence(c, said)) for c, said in active().listings.items() if said.is_stale
    ]
    if not stale:
        return
    details = tuple(Detail(text=text, connection_id=upstream.id) for upstream, text in stale)
    what = "1 connection gives" if len(stale) == 1 else f"{len(stale):,} connections give"
    named = _named([upstream.name for upstream, _ in stale])
    yield ModelWarning(text=f"{what} no list of models: {named}.", details=details)


def _silence(connection: OpenConnection, listing: Listing) -> str:
    """Why the upstream gave no list, and what that means for its models."""
    asked_at = datetime.fromtimestamp(listing.asked_at, tz=get_current_timezone())
    ago = timesince(asked_at) if time.time() - listing.asked_at > 60 else "moments"
    said = [f"{connection.upstream.name} gave no list of models when asked {ago} ago."]
    return " ".join([*said, *filter(None, [listing.problem]), _consequence(connection, listing)])


def _consequence(connection: OpenConnection, listing: Listing) -> str:
    if listing.is_unheard and has_filters(connection):
        return "Chats are refused, since it is unknown which of them need its filters."
    if connection.upstream.model_ids:
        return "The models that are entered in its form are offered."
    if listing.is_unheard:
        return "It has never given one, so it offers no model."
    if not listing.models:
        return "The last one was empty, so it offers no model."
    return "What the last one named is still offered."


def _named(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
