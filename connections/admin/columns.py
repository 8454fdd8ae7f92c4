"""The columns of the list of connections."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from unfold.decorators import display

from accounts.admin.model_admin import ModelAdmin
from connections.admin.attention import attention
from connections.admin.from_above import ConnectionFigures, figures_of, states_now
from connections.admin.tracker import tracker
from connections.choices import AuthType
from connections.health.state import ConnectionState, Kind
from connections.models import Connection
from infrastructure.moments import Moment

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
ENVIRONMENT = mark_safe('<span class="connection-origin">from the environment</span>')
NONE = mark_safe('<span class="fact">–</span>')


class ConnectionChangeList(ChangeList):
    """Each row knows its ``state`` and its ``figures``; all rows of a page ask together."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = self.result_list
        figures = figures_of([row.name for row in rows])
        for row, state in zip(rows, states_now(rows), strict=True):
            row.state = state
            row.figures = figures.get(row.name) or ConnectionFigures()


class ConnectionColumns(ModelAdmin):
    list_display = (
        "name_and_url",
        "state",
        "models",
        "last_day",
        "errors",
        "p95",
        "auth",
        "is_enabled",
        "priority",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConnectionChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        extra_context = {"attention": attention(), **(extra_context or {})}
        return super().changelist_view(request, extra_context)

    @display(description="Connection", ordering="name")
    def name_and_url(self, connection: Connection) -> str:
        return format_html(
            '<span class="connection-name">{}</span>{}<span class="connection-url">{}</span>',
            connection.name,
            ENVIRONMENT if connection.is_from_environment else "",
            connection.base_url,
        )

    @display(description="State", ordering="health__failing_since")
    def state(self, connection: Any) -> str:
        return sentence(connection.state)

    @display(description="Models", ordering="health__model_count")
    def models(self, connection: Any) -> str:
        state = connection.state
        if not state.model_count and state.kind is not Kind.WORKS:
            return NONE
        stale = f"{NO_BREAK_SPACE}stale" if state.is_stale else ""
        url = reverse("connection_models", args=[connection.pk])
        return format_html('<a href="{}">{}</a>{}', url, f"{state.model_count:,}", stale)

    @display(description="24 hours")
    def last_day(self, connection: Any) -> str:
        return tracker(connection.figures)

    @display(description="Errors")
    def errors(self, connection: Any) -> str:
        figures = connection.figures
        if not figures.requests:
            return NONE
        share = f"{100 * figures.failed / figures.requests:.1f} %".replace(" ", NO_BREAK_SPACE)
        return _linked(figures.failed_url if figures.failed else "", share)

    @display(description="p95")
    def p95(self, connection: Any) -> str:
        figures = connection.figures
        if figures.p95_ms is None:
            return NONE
        seconds = f"{figures.p95_ms / 1000:.1f} s".replace(" ", NO_BREAK_SPACE)
        return _linked(figures.requests_url, seconds)

    @display(description="Keys", ordering="key_count")
    def auth(self, connection: Any) -> str:
        """The number of keys, or the other way in which requests are signed."""
        if connection.auth_type == AuthType.BEARER:
            return f"{connection.key_count}" if connection.key_count else "none"
        return connection.get_auth_type_display()


def sentence(state: ConnectionState) -> SafeString:
    """The state in a colour where it needs a person, with the exact time behind its age."""
    colour = "state-bad" if state.wants_a_person else ""
    if state.kind is Kind.RATE_LIMITED:
        colour = "state-warning"
    said: Any = state.label
    if state.since is not None:
        since = Moment.of(state.since, now=state.now)
        said = format_html(
            '{} · <time datetime="{}" title="{}">{}</time>',
            *(state.label, since.iso, since.exact, state.age),
        )
    return format_html(
        '<span class="connection-state {}" title="{}">{}</span>', colour, state.problem, said
    )


def _linked(url: str, text: str) -> str:
    return format_html('<a href="{}">{}</a>', url, text) if url else text
