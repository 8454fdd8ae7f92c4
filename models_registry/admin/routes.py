"""Routes: which targets serve a public id."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from accounts.admin.deletions import MOST_TOLD, TellsConsequences, counted, deletion_asked
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.models import Connection
from resilience.models import Route, RouteTarget


class RouteTargetInline(TabularInline):
    model = RouteTarget
    fields = ("connection", "model", "tier", "weight", "position")
    autocomplete_fields = ("connection",)
    verbose_name_plural = "targets"
    extra = 0
    hide_title = True


@admin.register(Route)
class RouteAdmin(RefusesStaleEdits, TellsConsequences, ModelAdmin):
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
        if not row.targets.exists():
            return "Its strategy, fallbacks and policy hold no longer. Connections serve as before."
        return (
            f"{counted(row.targets.count(), 'target')} serve {row.model} no longer; connections "
            f"that offer a model of this id themselves serve it, by priority. Without one, calls "
            "of it find no model. Grants and usage records stay."
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
