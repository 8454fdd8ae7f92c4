"""Policies: how far the gateway goes for one request."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.dispatch import receiver

from accounts.admin.deletions import MOST_TOLD, TellsConsequences
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.admin.from_above import states_asked
from connections.health.state import ConnectionState
from resilience.connection_health import with_live
from resilience.models import ResiliencePolicy


@receiver(states_asked)
def judge(sender: Any, *, states: list[ConnectionState], **kwargs: Any) -> list[ConnectionState]:
    """Put what requests taught this worker over what lists of models tell."""
    return with_live(states)


@admin.register(ResiliencePolicy)
class ResiliencePolicyAdmin(RefusesStaleEdits, TellsConsequences, ModelAdmin):
    fieldsets = (
        (None, {"fields": ("name", "is_default")}),
        ("Attempts", {"fields": ("max_attempts", "retry_budget_percent", "ambiguous")}),
        (
            "Time",
            {"fields": ("deadline_seconds", "first_content_timeout_seconds", "patience_seconds")},
        ),
        ("Hedging", {"fields": ("hedges", "hedge_after_seconds")}),
    )
    list_display = ("name", "is_default", "max_attempts", "deadline_seconds", "ambiguous")
    search_fields = ("name",)

    def consequences(self, row: ResiliencePolicy) -> str:
        if routes := ", ".join(map(str, row.routes.all()[:MOST_TOLD])):
            return f"These routes name it, so it stays: {routes}. Give them another policy first."
        if row.is_default:
            return "The values of a new policy hold for all models whose route names no policy."
        return "No model is called otherwise than before, since no route names the policy."
