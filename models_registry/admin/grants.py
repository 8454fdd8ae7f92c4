"""Grants: who may use which models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from accounts.admin.deletions import MOST_TOLD, TellsConsequences, counted, deletion_asked
from accounts.admin.stale_edits import RefusesStaleEdits
from accounts.models import User
from connections.models import Connection
from models_registry.models import ModelGrant, RegisteredModel


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
    list_display = ("pattern", "kind", "grantee", "created_at")
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

    @display(description="Kind", label={"Group": "info", "User": "default", "Everyone": "warning"})
    def kind(self, grant: ModelGrant) -> str:
        if grant.everyone:
            return "Everyone"
        return "Group" if grant.group_id else "User"

    @display(description="For", ordering="group__name")
    def grantee(self, grant: ModelGrant) -> str:
        return str(grant.group or grant.user or "everyone")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelGrant]:
        return super().get_queryset(request).select_related("group", "user")


def _losers(grant: ModelGrant) -> str:
    if grant.group is not None:
        return f"{counted(grant.group.user_set.count(), 'member')} of {grant.group}"
    return str(grant.user) if grant.user is not None else "All users"


@receiver(deletion_asked, sender=Group)
@receiver(deletion_asked, sender=User)
def tell_of_grants(sender: Any, *, rows: list[Any], **kwargs: Any) -> list[str]:
    """The grants that go with groups and users."""
    name = "group__in" if sender is Group else "user__in"
    grants = ModelGrant.objects.filter(**{name: rows}).select_related("group", "user")
    return [f"The grant {grant} is deleted, too." for grant in grants[:MOST_TOLD]]


@receiver(deletion_asked, sender=Connection)
def tell_of_models(sender: Any, *, rows: list[Any], **kwargs: Any) -> list[str]:
    """The registered models that go with connections, and the grants that stay."""
    models = RegisteredModel.objects.filter(connection__in=rows).select_related("connection")
    aliases = ", ".join(str(model) for model in models[:MOST_TOLD])
    told = [f"What is registered of their models is deleted: {aliases}."] if aliases else []
    return [*told, "Grants stay, and count again for models of these names."]
