"""Warnings for admins about the models that this worker serves."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from django.utils.timesince import timesince
from django.utils.timezone import get_current_timezone

from models_registry.left_out import incomplete_routes
from models_registry.pipelines_filters import has_filters
from models_registry.registry import active, is_running
from models_registry.snapshot import Snapshot

MOST_NAMED = 5


def warnings() -> list[str]:
    """The warnings, as sentences. None if no gateway runs in this process."""
    if not is_running():
        return []
    snapshot = active().snapshot
    return [*_stale_connections(), *_collisions(snapshot), *_incomplete_routes(snapshot)]


def _collisions(snapshot: Snapshot) -> Iterable[str]:
    collisions = snapshot.catalogue.collisions
    if not collisions:
        return
    named = ", ".join(collision.model_id for collision in collisions[:MOST_NAMED])
    more = ", …" if len(collisions) > MOST_NAMED else ""
    what = "1 model is" if len(collisions) == 1 else f"{len(collisions)} models are"
    yield (
        f"{what} offered more than once ({named}{more}). "
        "The lowest priority number serves; a prefix or an alias keeps them apart."
    )


def _incomplete_routes(snapshot: Snapshot) -> Iterable[str]:
    for route, places in islice(incomplete_routes(snapshot), MOST_NAMED):
        missing = [place for place in places if place.left_out]
        named = "; ".join(f"{place.name} ({place.left_out})" for place in missing[:MOST_NAMED])
        serves = " No target is left, so calls of it find no model."
        yield (
            f"The route {route.model} leaves out {named}."
            f"{serves if len(missing) == len(places) else ''}"
        )


def _stale_connections() -> Iterable[str]:
    for connection, listing in active().listings.items():
        if listing.is_stale:
            asked_at = datetime.fromtimestamp(listing.asked_at, tz=get_current_timezone())
            ago = timesince(asked_at) if time.time() - listing.asked_at > 60 else "moments"
            consequence = "Its earlier list is still shown."
            if listing.is_unheard and has_filters(connection):
                consequence = (
                    "Chats are refused, since it is unknown which of them need its filters."
                )
            name = connection.upstream.name
            said = [f"{name} gave no list of models when asked {ago} ago.", listing.problem]
            yield " ".join(filter(None, [*said, consequence]))
