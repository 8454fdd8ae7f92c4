"""Grants: who may use which models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences, counted
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from models_registry.access.unmatched import unmatched_grants
from models_registry.admin.access.page import AccessView
from models_registry.admin.access.person import PersonView
from models_registry.admin.losses import models_covered
from models_registry.models import ModelGrant

LONGEST = 200
HELP = "A model id; * stands for any characters, as in openai/* or gpt-4*."
# What the pattern covers is told below the field, and again when the typing stops.
ASKS = {
    "hx-get": "../covers/",
    "hx-trigger": "input changed delay:300ms",
    "hx-target": "#pattern-covers",
}


class ModelGrantForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("pattern")
        if field is None:  # for those who may only look
            return
        depth = "" if self.instance.pk is None else "../"
        field.widget.attrs |= ASKS | {"hx-get": f"{depth}{ASKS['hx-get']}"}
        told = extent(self.instance.pattern)
        field.help_text = format_html(
            '{} <span id="pattern-covers" role="status">{}</span>', HELP, told
        )

    def clean(self) -> dict[str, Any]:
        grant = {
            name: self.cleaned_data.get(name) for name in ("pattern", "group", "user", "everyone")
        }
        same = ModelGrant.objects.exclude(pk=self.instance.pk).filter(**grant)
        if same.exists():
            self.add_error("pattern", "This grant exists already.")
        return self.cleaned_data


def extent(pattern: str) -> str:
    """How many models ``pattern`` covers, as a sentence; empty without a pattern."""
    number = models_covered(pattern) if pattern else None
    if number is None:
        return ""
    if not number:
        return "It covers no model that is offered now, only models of such an id that come later."
    return f"It covers {counted(number, 'model')} now."


class CoversFilter(admin.SimpleListFilter):
    title = "covers"
    parameter_name = "covers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nothing", "No model")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ModelGrant]
    ) -> QuerySet[ModelGrant]:
        if self.value() != "nothing":
            return queryset
        return queryset.filter(pk__in=[grant.pk for grant in unmatched_grants()])


@admin.register(ModelGrant)
class ModelGrantAdmin(RefusesStaleEdits, TellsConsequences, ModelAdmin):
    form = ModelGrantForm
    fieldsets = (
        (
            None,
            {
                "fields": ("pattern",),
                "description": "Users see no model until one is granted to them. Staff see all. "
                "Patterns: gpt-4o is that model alone, openai/* and gpt-4* are all that begin so, "
                "* is every model.",
            },
        ),
        (
            "For whom",
            {
                "fields": ("group", "user", "everyone"),
                "description": "Choose exactly one: a group, a user, or everyone.",
            },
        ),
    )
    autocomplete_fields = ("group", "user")
    list_display = ("pattern", "covers", "kind", "grantee", "created_at")
    list_filter = (
        CoversFilter,
        "everyone",
        ("group", AutocompleteSelectFilter),
        ("user", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_before_template = "admin/models_registry/list_before.html"
    search_fields = ("pattern", "group__name", "user__username")

    def get_urls(self) -> list[URLPattern]:
        guarded = self.admin_site.admin_view
        return [
            path(
                "access/",
                guarded(AccessView.as_view(model_admin=self)),
                name="models_registry_access",
            ),
            path(
                "access/person/",
                guarded(PersonView.as_view(model_admin=self)),
                name="models_registry_access_person",
            ),
            path("covers/", guarded(self.covers_page), name="models_registry_covers"),
            *super().get_urls(),
        ]

    def covers_page(self, request: HttpRequest) -> HttpResponse:
        """A sentence about ``pattern``, for the form."""
        if not request.user.has_perm("models_registry.view_modelgrant"):
            raise PermissionDenied
        return HttpResponse(extent(request.GET.get("pattern", "")[:LONGEST]), "text/plain")

    def consequences(self, row: ModelGrant) -> str:
        return (
            f"{_losers(row)} the models that {row.pattern} covers, unless another grant gives "
            "them. Running streams of such models end within seconds. Keys and usage records stay."
        )

    @display(description="Covers", label={"nothing": "warning", "some": "default"})
    def covers(self, grant: ModelGrant) -> tuple[str, str] | str:
        number = models_covered(grant.pattern)
        if number is None:
            return "unknown"
        return ("some", counted(number, "model")) if number else ("nothing", "no model")

    @display(description="Kind", label={"Group": "info", "User": "default", "Everyone": "warning"})
    def kind(self, grant: ModelGrant) -> str:
        if grant.everyone:
            return "Everyone"
        return "Group" if grant.group_id else "User"

    @display(description="For", ordering="group__name")
    def grantee(self, grant: ModelGrant) -> str:
        return str(grant.group or grant.user or "everyone")

    def save_model(
        self, request: HttpRequest, obj: ModelGrant, form: forms.ModelForm | None, change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if models_covered(obj.pattern) == 0:
            messages.warning(
                request,
                f"{obj.pattern} covers no model that is offered now. The grant holds for models "
                "that come later; All models shows which ids there are.",
            )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelGrant]:
        return super().get_queryset(request).select_related("group", "user")


def _losers(grant: ModelGrant) -> str:
    """``2 members of team lose``."""
    if grant.group is not None:
        number = grant.group.user_set.count()
        return f"{counted(number, 'member')} of {grant.group} {'loses' if number == 1 else 'lose'}"
    return f"{grant.user} loses" if grant.user is not None else "All users lose"
