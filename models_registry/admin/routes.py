"""Routes: which targets serve a public id."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.decorators import display

from accounts.admin.autocomplete import KnownSelect
from accounts.admin.deletions import MOST_TOLD, TellsConsequences, counted, deletion_asked
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.admin.columns import sentence
from connections.health.state import ConnectionState, Kind
from connections.models import Connection
from models_registry.admin.route_testing import RouteTesting
from resilience.connection_health import known_states
from resilience.models import Route, RouteTarget
from resilience.states import states


class RouteTargetInline(TabularInline):
    model = RouteTarget
    fields = ("connection", "model", "health", "tier", "weight", "position")
    readonly_fields = ("health",)
    ordering_field = "position"
    hide_ordering_field = True
    autocomplete_fields = ("connection",)
    verbose_name_plural = "targets"
    extra = 0
    hide_title = True

    class Media:
        css = {"all": ("connections/connections.css",)}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Say in each cell what its column says, which the theme leaves to the heading."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = str(db_field.verbose_name).capitalize()
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("widget", KnownSelect(db_field, self.admin_site, known=self._names))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @display(description="Health")
    def health(self, target: RouteTarget) -> str:
        state = self._states.get(target.connection_id)
        if state is None:
            return "–"
        if state.kind is Kind.WORKS and (resting := self._resting(target)):
            return resting
        return sentence(state)

    @cached_property
    def _states(self) -> dict[int | None, ConnectionState]:
        """Of all connections, by one query: the inline is made for each request."""
        return {state.connection_id: state for state in known_states()}

    def _names(self) -> dict[str, str]:
        return {str(pk): state.name for pk, state in self._states.items()}

    def _resting(self, target: RouteTarget) -> str:
        """What requests taught this worker about the one model."""
        for known in states.known():
            if known.key == (target.connection_id, target.model) and known.available_at:
                return format_html(
                    '<span class="connection-state state-warning" title="{}">resting</span>',
                    known.reason,
                )
        return ""


@admin.register(Route)
class RouteAdmin(RefusesStaleEdits, TellsConsequences, RouteTesting):
    fieldsets = (
        (
            None,
            {
                "fields": ("model", "strategy", "policy"),
                "description": "Grants and keys name the public id of a route. That opens all of "
                "its targets by this id, and none of them by another.",
            },
        ),
        ("Fallbacks", {"fields": ("context_fallback", "content_fallback")}),
    )
    inlines = (RouteTargetInline,)
    autocomplete_fields = ("policy",)
    list_display = ("model", "strategy_label", "targets_in_order", "policy")
    list_filter = ("strategy",)
    list_filter_submit = True
    list_before_template = "admin/models_registry/list_before.html"
    change_form_before_template = "admin/models_registry/list_before.html"
    list_select_related = ("policy",)
    search_fields = ("model", "targets__model", "targets__connection__name")

    def consequences(self, row: Route) -> str:
        number = row.targets.count()
        if not number:
            return "Its strategy, fallbacks and policy hold no longer. Connections serve as before."
        return (
            f"{counted(number, 'target')} {'serves' if number == 1 else 'serve'} {row.model} no "
            "longer; connections that offer a model of this id themselves serve it, by priority. "
            "Without one, calls of it find no model. Grants and usage records stay."
        )

    @display(description="Strategy", ordering="strategy")
    def strategy_label(self, row: Route) -> str:
        return row.get_strategy_display()

    @display(description="Targets")
    def targets_in_order(self, row: Route) -> str:
        return ", ".join(map(str, row.targets.all())) or "every connection that offers it"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Route]:
        return super().get_queryset(request).prefetch_related("targets__connection")


@receiver(deletion_asked, sender=Connection)
def tell_of_routes(sender: Any, *, rows: list[Any], **kwargs: Any) -> list[str]:
    """The routes that lose targets with connections."""
    routes = Route.objects.filter(targets__connection__in=rows).distinct()
    going = {row.pk for row in rows}
    return [
        _loss(route, going) for route in routes.prefetch_related("targets__connection")[:MOST_TOLD]
    ]


def _loss(route: Route, going: set[int]) -> str:
    targets = route.targets.all()
    lost = ", ".join(str(each) for each in targets if each.connection_id in going)
    staying = any(each.connection_id and each.connection_id not in going for each in targets)
    then = "" if staying else f" It has no other: calls of {route.model} find no model then."
    return f"The route {route.model} loses {lost}.{then}"
