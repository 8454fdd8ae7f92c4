"""Grants: who may use which models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences, counted
from accounts.admin.stale_edits import RefusesStaleEdits
from models_registry.admin.losses import models_covered
from models_registry.models import ModelGrant


class ModelGrantForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        grant = {
            name: self.cleaned_data.get(name) for name in ("pattern", "group", "user", "everyone")
        }
        same = ModelGrant.objects.exclude(pk=self.instance.pk).filter(**grant)
        if same.exists():
            self.add_error("pattern", "This grant exists already.")
        return self.cleaned_data


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
        "everyone",
        ("group", AutocompleteSelectFilter),
        ("user", AutocompleteSelectFilter),
    )
    list_filter_submit = True
    list_before_template = "admin/models_registry/list_before.html"
    search_fields = ("pattern", "group__name", "user__username")

    def consequences(self, row: ModelGrant) -> str:
        return (
            f"{_losers(row)} lose the models that {row.pattern} covers, unless another grant gives "
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
        self, request: HttpRequest, obj: ModelGrant, form: forms.ModelForm, change: bool
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
    if grant.group is not None:
        return f"{counted(grant.group.user_set.count(), 'member')} of {grant.group}"
    return str(grant.user) if grant.user is not None else "All users"
