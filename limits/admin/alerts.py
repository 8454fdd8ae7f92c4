"""Alerts that were sent, to be read alone: a row that is gone would be sent again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin.model_admin import ModelAdmin
from limits.admin.used import people_of
from limits.models import LimitAlert

PAGES = "limits_limitalert_"  # how the names of this model's pages begin


@admin.register(LimitAlert)
class LimitAlertAdmin(ModelAdmin):
    list_display = ("limit", "threshold_passed", "whose", "period", "created_at", "sent")
    list_filter = ("threshold", ("limit", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("limit",)
    search_fields = ("limit__label",)
    fields = (
        *("limit", "threshold_passed", "whose", "period", "created_at"),
        *("mailed_at", "posted_at", "attempts"),
    )
    readonly_fields = fields

    @display(description="At", ordering="threshold")
    def threshold_passed(self, alert: LimitAlert) -> str:
        return f"{alert.threshold} %"

    @display(description="By")
    def whose(self, alert: Any) -> str:
        return getattr(alert, "person", "") or people_of([alert.share])[alert.share]

    @display(description="Period from", ordering="start")
    def period(self, alert: LimitAlert) -> Any:
        return datetime.fromtimestamp(alert.start, UTC) if alert.start else "the beginning"

    @display(description="Sent")
    def sent(self, alert: LimitAlert) -> str:
        ways = [("mail", alert.mailed_at), ("webhook", alert.posted_at)]
        return ", ".join(way for way, at in ways if at) or "not yet"

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        alerts: list[Any] = list(changelist.result_list)
        people = people_of(alert.share for alert in alerts)
        for alert in alerts:
            alert.person = people[alert.share]
        changelist.result_list = alerts
        return changelist

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only together with what the alert is of, by whoever may delete that."""
        match = request.resolver_match
        is_own_page = match is not None and (match.url_name or "").startswith(PAGES)
        return not is_own_page
