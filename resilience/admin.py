"""Policies: how far the gateway goes for one request."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from accounts.admin.deletions import MOST_TOLD, TellsConsequences
from accounts.admin.stale_edits import RefusesStaleEdits
from resilience.models import ResiliencePolicy


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
