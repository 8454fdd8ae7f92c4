"""Prices: a new one is added, none is changed, so that old costs stay explained."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.model_admin import ModelAdmin
from connections.models import Connection
from usage.models import Price


class PriceForm(forms.ModelForm):
    def clean_connection(self) -> str:
        name: str = self.cleaned_data["connection"]
        if name and not Connection.objects.filter(name=name).exists():
            raise forms.ValidationError("There is no connection of that name.")
        return name

    def clean(self) -> dict[str, Any]:
        for name in Price.RATES:
            if (self.cleaned_data.get(name) or 0) < 0:
                self.add_error(name, "A price is not negative.")
        return self.cleaned_data


@admin.register(Price)
class PriceAdmin(ModelAdmin):
    form = PriceForm
    fieldsets = (
        (
            None,
            {
                "fields": ("model", "connection", "service_tier", "valid_from"),
                "description": "A price set here wins over the bundled list. It is never changed: "
                "add another that is valid from a later time. One without any rates takes those "
                "before it back. 0 is free.",
            },
        ),
        ("In US dollars", {"fields": Price.RATES}),
    )
    list_display = (
        "model",
        "connection",
        "service_tier",
        "source",
        "version",
        *Price.RATES,
        "valid_from",
    )
    list_filter = ("source",)
    search_fields = ("model", "connection")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Price]:
        return super().get_queryset(request).order_by("source", "model", "-valid_from")

    def has_change_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Price | None = None) -> bool:
        return False
