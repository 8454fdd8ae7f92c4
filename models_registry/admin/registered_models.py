"""The admin pages of single models."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences
from accounts.admin.fields import LinesField
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from models_registry.admin.overview import ModelsView
from models_registry.models import RegisteredModel


class RegisteredModelForm(forms.ModelForm):
    tags = LinesField(
        required=False, help_text="One per line. Shown in addition to those of the connection."
    )

    def clean_default_parameters(self) -> Any:
        return self.cleaned_data["default_parameters"] or {}

    def clean_family_facts(self) -> Any:
        return self.cleaned_data["family_facts"] or {}


@admin.register(RegisteredModel)
class RegisteredModelAdmin(RefusesStaleEdits, TellsConsequences, ModelAdmin):
    form = RegisteredModelForm
    fieldsets = (
        (
            None,
            {
                "fields": ("connection", "model", "public_id", "is_hidden"),
                "description": "This adds no model: it says how one that the connection offers is "
                "named, shown and called.",
            },
        ),
        ("Shown to clients", {"fields": ("display_name", "description", "tags", "order")}),
        ("Requests", {"fields": ("family", "family_facts", "default_parameters")}),
    )
    autocomplete_fields = ("connection",)
    list_display = ("model", "connection", "public_id", "family_label", "is_hidden", "order")
    list_filter = (("connection", AutocompleteSelectFilter), "family", "is_hidden")
    list_filter_submit = True
    list_before_template = "admin/models_registry/list_before.html"
    list_select_related = ("connection",)
    search_fields = ("model", "public_id", "display_name", "connection__name")

    def consequences(self, row: RegisteredModel) -> str:
        alias = f" Calls to {row.public_id} find nothing any more." if row.public_id else ""
        shown = " It is shown again." if row.is_hidden else ""
        return (
            f"The connection {row.connection.name} goes on offering {row.model}, as it comes from "
            f"there, without defaults and texts of this row.{alias}{shown} Grants and usage "
            "records stay."
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(ModelsView.as_view(model_admin=self))
        return [path("all/", page, name="models_registry_models"), *super().get_urls()]

    @display(description="Family", ordering="family")
    def family_label(self, row: RegisteredModel) -> str:
        return row.get_family_display()
