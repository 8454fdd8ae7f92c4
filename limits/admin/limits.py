"""Limits: who may use how much of what, and what is used now."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.models import ConnectionKey
from limits.admin.forms import ConnectionKeyField, LimitForm
from limits.admin.losses import loss_of
from limits.admin.raising import RaisesLimits
from limits.admin.used import bars_of, people_of, shown
from limits.checks import counts_apart, workers
from limits.choices import OF_UPSTREAMS, ROLLING, Metric, SubjectKind, Window
from limits.configuration.descriptions import limit_in_words, subject_in_words
from limits.models import Limit, LimitChange
from limits.models.limits import SUBJECT_FIELDS
from limits.reading.bars import bar_of
from limits.reading.usage_now import MOST_SHARES, most_used

# Fixed once a limit is there: what was counted would mean nothing for another.
COUNTED = ("subject_kind", *SUBJECT_FIELDS, "share", "metric", "window")
# Of upstreams' keys: the list to choose from has their hints and the names of their connections.
TO_SEE_KEYS = ("connections.view_connection", "connections.view_connectionkey")
OF_MONEY = ("unpriced", "assumed_per_million")
# When the form shows a field, as the theme's scripts read it. What is read-only is unknown to them.
IS_FIXED = "typeof metric === 'undefined'"
IS_CALENDAR = "metric != 'concurrency' && ['day', 'week', 'month'].includes(window)"
OF_CALLERS = (
    "typeof subject_kind === 'undefined' "
    "|| !['connection', 'connection_key'].includes(subject_kind)"
)
OF_DOLLARS = f"({IS_FIXED} || metric == 'usd')"
CONDITIONS = {
    **{
        name: f"typeof subject_kind === 'undefined' || subject_kind == '{name}'"
        for name in SUBJECT_FIELDS
    },
    "window": f"{IS_FIXED} || metric != 'concurrency'",
    "time_zone": f"{IS_FIXED} || {IS_CALENDAR}",
    "clamps": OF_CALLERS,
    "wait_seconds": OF_CALLERS,
    "unpriced": OF_DOLLARS,
    "assumed_per_million": f"{OF_DOLLARS} && unpriced == 'assume'",
}


@admin.register(Limit)
class LimitAdmin(RefusesStaleEdits, TellsConsequences, RaisesLimits):
    form = LimitForm
    autocomplete_fields = ("group", "user", "key", "connection")
    conditional_fields = CONDITIONS
    change_form_outer_after_template = "admin/limits/used_now.html"
    list_display = ("label", "subject", "what", "used", "mode_label", "is_enabled")
    list_filter = (
        "subject_kind",
        "metric",
        "mode",
        "is_enabled",
        ("group", AutocompleteSelectFilter),
        ("user", AutocompleteSelectFilter),
        ("key", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_select_related = (
        *("group", "user", "key__user", "connection"),
        "connection_key__connection",
    )
    search_fields = (
        *("label", "group__name", "user__username", "user__email"),
        *("key__name", "key__hint", "key__user__username", "connection__name"),
    )

    def consequences(self, row: Limit) -> str:
        return loss_of(row)

    @display(description="For")
    def subject(self, limit: Limit) -> str:
        return subject_in_words(limit)

    @display(description="Allows", ordering="metric")
    def what(self, limit: Limit) -> str:
        return limit_in_words(limit)

    @display(description="Used now, at most")
    def used(self, limit: Any) -> str:
        return shown(limit.bar) if limit.bar else "–"

    @display(
        description="Mode",
        ordering="mode",
        label={"refuse what is over": "success", "warn": "warning", "only count": "default"},
    )
    def mode_label(self, limit: Limit) -> str:
        return limit.get_mode_display()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Limit]:
        in_force = LimitChange.objects.filter(until__gt=timezone.now())
        rows = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("changes", in_force))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With what is used of the limits on the page, asked for all of them at once."""
        changelist = super().get_changelist_instance(request)
        limits: list[Any] = list(changelist.result_list)
        uses = most_used(limits)
        names = people_of(use.share for use in uses.values())
        for limit in limits:
            use = uses.get(limit.pk)
            limit.bar = bar_of(limit, use, names[use.share]) if use else None
        changelist.result_list = limits
        return changelist

    def get_fieldsets(self, request: HttpRequest, obj: Limit | None = None) -> Any:
        subjects = SUBJECT_FIELDS if obj is None else _subject_field(obj)
        return (
            (None, {"fields": ("label", "is_enabled", "mode")}),
            (
                "For whom, and what",
                {
                    "fields": ("subject_kind", *subjects, "share", "metric", "amount", *_time(obj)),
                    "description": "All limits that match a request must allow it. "
                    + ("" if obj is None else "For whom it is and what it counts stays as it is: ")
                    + ("" if obj is None else "make another limit for another count."),
                },
            ),
            ("Which requests", {"fields": ("model_patterns", "endpoints")}),
            ("Near the limit", {"fields": (*_of_callers(obj), "on_outage", *_money(obj))}),
            ("Alerts", {"fields": ("thresholds", "alert_emails")}),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Limit | None = None
    ) -> tuple[str, ...]:
        return () if obj is None else COUNTED

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        if db_field.name == "connection_key":
            keys = ConnectionKey.objects.select_related("connection")
            kwargs["queryset"] = keys if request.user.has_perms(TO_SEE_KEYS) else keys.none()
            kwargs["form_class"] = ConnectionKeyField
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: Limit, form: forms.ModelForm, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if obj.is_enabled and counts_apart(workers()):
            messages.warning(
                request,
                f"{workers()} workers serve without Redis: each counts for itself, and has "
                "a part of the amount. Set REDIS_URL, or serve with one worker.",
            )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        context |= {"bars": bars_of(row) if row else None, "most_shares": MOST_SHARES}
        return super().render_change_form(request, context, *args, **kwargs)


def _subject_field(limit: Limit) -> tuple[str, ...]:
    kind = limit.subject_kind
    return () if kind == SubjectKind.EVERYONE else (kind,)


def _time(limit: Limit | None) -> tuple[str, ...]:
    """The fields of the window, without those that mean nothing for ``limit``."""
    if limit is None:
        return ("window", "time_zone")
    window = Window(limit.window)
    is_calendar = window not in {*ROLLING, Window.NONE, Window.TOTAL}
    return ("window", "time_zone") if is_calendar else ("window",)


def _of_callers(limit: Limit | None) -> tuple[str, ...]:
    """The fields that mean nothing for a limit of an upstream."""
    is_of_upstream = limit is not None and limit.subject_kind in OF_UPSTREAMS
    return () if is_of_upstream else ("clamps", "wait_seconds")


def _money(limit: Limit | None) -> tuple[str, ...]:
    return OF_MONEY if limit is None or limit.metric == Metric.USD else ()
