"""What needs a person, each in a sentence with the buttons that lead to a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from connections.health import Kind
from connections.models import Connection
from gateway_project.overview.addresses import page_of
from gateway_project.overview.dead_routes import dead_routes
from gateway_project.overview.facts import SOON, Facts
from gateway_project.overview.period import Period
from gateway_project.overview.states import Stated
from gateway_project.overview.traffic import Traffic
from gateway_project.overview.unsafe_settings import unsafe_settings
from limits.reading.nearly_used import nearly_used
from usage.admin.filters import records_since
from usage.explorer.asked import State

DANGER, WARNING = "danger", "warning"
MOST_CONNECTIONS = 4
MOST_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A link, or with ``does`` a form that is posted to ``url``."""

    title: str
    url: str
    is_main: bool = False
    does: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``subject`` is the name that ``text`` is about, with its page."""

    tone: str
    text: str
    subject: str = ""
    url: str = ""
    buttons: tuple[Button, ...] = ()


def of_connections(
    connections: Sequence[Stated], request: HttpRequest, *, has_usage: bool
) -> Iterator[Notice]:
    """One for each of the first that want a person, and one for the rest. ``has_usage``: the
    viewer may see how many people use them."""
    failing = [stated for stated in connections if stated.state.wants_a_person]
    for stated in failing[:MOST_CONNECTIONS]:
        yield _of_connection(stated, request, has_usage=has_usage)
    more = len(failing) - MOST_CONNECTIONS
    if more > 0:
        text = f"{_counted(more, 'more connection')} {'fail' if more > 1 else 'fails'}."
        url = reverse("admin:connections_connection_changelist")
        yield Notice(tone=DANGER, text=text, buttons=(Button(title="Show them", url=url),))


def _of_connection(stated: Stated, request: HttpRequest, *, has_usage: bool) -> Notice:
    state = stated.state
    url = page_of("connections", "connection", state.connection_id, request.user)
    for_how_long = f" for {state.age}" if state.age and state.age != "just now" else ""
    parts = [f"{state.label}{for_how_long}."]
    if state.is_stale and state.model_count:
        verb = "is" if state.model_count == 1 else "are"
        parts.append(f"{_counted(state.model_count, 'model')} {verb} stale.")
    elif state.consequence:
        parts.append(state.consequence)
    if has_usage and stated.people:
        parts.append(f"{_counted(stated.people, 'person', 'people')} used it in 24 hours.")
    return Notice(
        tone=DANGER,
        subject=state.name,
        url=url,
        text=" ".join(parts),
        buttons=tuple(_remedies(stated, url, request)) if url else (),
    )


def _remedies(stated: Stated, url: str, request: HttpRequest) -> Iterator[Button]:
    """What the connection's own page would let the person do: enter a key, verify, disable."""
    pages: Any = admin.site.get_model_admin(Connection)
    is_editable = pages.has_change_permission(request, stated.connection)
    if is_editable and stated.state.kind is Kind.KEY_REFUSED:
        yield Button(title="Enter key", url=url, is_main=True)
    elif pages.has_verify_permission(request):
        yield _doing("Verify", "connection_verify_now", stated.connection, request)
    if is_editable:
        yield _doing("Disable", "connection_disable", stated.connection, request)
    else:
        yield Button(title="Show", url=url)


def _doing(title: str, page: str, connection: Connection, request: HttpRequest) -> Button:
    """The page's own query goes along, so that the chosen period stays."""
    query = request.META.get("QUERY_STRING", "")
    url = reverse(page, args=[connection.pk])
    return Button(title=title, url=f"{url}?{query}" if query else url, does=True)


def of_keys(facts: Facts) -> Iterator[Notice]:
    if not facts.keys_expiring:
        return
    keys, people = facts.keys_expiring, facts.people_expiring
    verb = "expires" if keys == 1 else "expire"
    text = f"{_counted(keys, 'key')} of {_counted(people, 'person', 'people')} {verb}"
    url = reverse("admin:accounts_apikey_changelist")
    yield Notice(
        tone=WARNING,
        text=f"{text} within {SOON.days} days.",
        buttons=(Button(title="Show keys", url=f"{url}?state=expiring"),),
    )


def of_prices(traffic: Traffic, period: Period, viewer: Any) -> Iterator[Notice]:
    unpriced = traffic.total.of("unpriced")
    if not unpriced:
        return
    verb = "has" if unpriced == 1 else "have"
    shown = Button(title="Show requests", url=records_since(period.since, state=State.UNPRICED))
    prices = Button(title="Set prices", url=reverse("admin:usage_price_changelist"))
    may = viewer.has_perm("usage.view_price")
    yield Notice(
        tone=WARNING,
        text=f"{_counted(unpriced, 'request')} of the last {period.choice.words} {verb} no price.",
        buttons=(shown, prices) if may else (shown,),
    )


def of_limits(viewer: Any) -> Iterator[Notice]:
    """One query."""
    for limit in nearly_used():
        of = f", of {limit.shares} that are nearly used up," if limit.shares > 1 else ""
        fullest = f"the fullest share{of} is" if limit.shares > 1 else "it is"
        url = page_of("limits", "limit", limit.limit_id, viewer)
        yield Notice(
            tone=WARNING,
            subject=limit.label,
            url=url,
            text=f"{fullest} used to {limit.per_cent:,} %.",
            buttons=(Button(title="Show the limit", url=url),),
        )


def of_routes() -> Iterator[Notice]:
    """As this worker knows it; no query."""
    dead = dead_routes()
    if not dead:
        return
    named = ", ".join(dead[:MOST_NAMED])
    more = f" and {len(dead) - MOST_NAMED} more" if len(dead) > MOST_NAMED else ""
    has = "has" if len(dead) == 1 else "have"
    yield Notice(
        tone=DANGER,
        text=f"{named}{more} {has} no target that can be asked now.",
        buttons=(Button(title="Show routes", url=reverse("admin:resilience_route_changelist")),),
    )


def of_settings(facts: Facts, viewer: Any) -> Iterator[Notice]:
    for said in unsafe_settings(bypasses=facts.is_bypassed):
        url = reverse("admin:connections_gatewaysettings_changelist")
        may = "BYPASS" in said and viewer.has_perm("connections.view_gatewaysettings")
        buttons = (Button(title="Gateway settings", url=url),) if may else ()
        yield Notice(tone=WARNING, text=said, buttons=buttons)


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"
