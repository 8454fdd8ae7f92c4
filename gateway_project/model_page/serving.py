"""The targets of a model as its page shows them: state, price, and what may be tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from models_registry.known_prices import known_prices
from models_registry.targets import Target
from resilience.live import LiveConnection, live_connection
from resilience.shared_state import State

STATES = {State.OK: "works", State.COOLING: "rests", State.OPEN: "rests after failures"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """``until`` is when the target is asked again, if it rests. ``resting_keys`` are of
    ``keys`` of the connection. Addresses are empty for those who may not go there."""

    connection: str
    connection_id: int
    model: str
    state: str
    is_well: bool
    until: datetime | None
    reason: str
    keys: int
    resting_keys: int
    is_chat: bool
    place: str
    price: str
    url: str = ""
    price_url: str = ""


def servings_of(targets: Sequence[Target], viewer: Any) -> list[Serving]:
    """In the order in which the targets are tried. Two queries, for the prices."""
    may_see_prices = viewer.has_perm("usage.view_price")
    prices = known_prices.of(targets) if may_see_prices else [None for _ in targets]
    lives = {
        pk: live_connection(pk) for pk in {target.connection.upstream.id for target in targets}
    }
    return [
        _serving(target, price, lives[target.connection.upstream.id], viewer)
        for target, price in zip(targets, prices, strict=True)
    ]


def _serving(target: Target, price: Any, live: LiveConnection, viewer: Any) -> Serving:
    upstream = target.connection.upstream
    report = next((each for each in live.targets if each.model == target.model), None)
    state = report.state if report else State.OK
    ends = timezone.now() + timedelta(seconds=report.seconds) if report and report.seconds else None
    stale = "its connection gives no list of models" if target.is_stale else ""
    return Serving(
        connection=upstream.name,
        connection_id=upstream.id,
        model=target.model,
        state=STATES.get(state, str(state)),
        is_well=state is State.OK and not target.is_stale,
        until=ends,
        reason=(report.reason if report and state is not State.OK else "") or stale,
        keys=len(live.keys),
        resting_keys=sum(1 for key in live.keys if key.state != "ok"),
        is_chat=target.is_chat,
        place=f"tier {target.tier}, weight {target.weight}"
        if target.is_routed
        else f"priority {target.tier}",
        price=price.in_words if price else "",
        url=_connection(upstream.id, viewer),
        price_url=_new_price(target, viewer),
    )


def _connection(pk: int, viewer: Any) -> str:
    may = viewer.has_perm("connections.view_connection")
    return reverse("admin:connections_connection_change", args=[pk]) if may else ""


def _new_price(target: Target, viewer: Any) -> str:
    if not viewer.has_perm("usage.add_price"):
        return ""
    asked = urlencode({"connection": target.connection.upstream.name, "model": target.public_id})
    return f"{reverse('admin:usage_price_add')}?{asked}"
