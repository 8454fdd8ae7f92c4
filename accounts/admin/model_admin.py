"""The base of the admin's pages of rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.admin import ModelAdmin as ThemesModelAdmin


class ModelAdmin(ThemesModelAdmin):
    """The theme's, which forgives an address that fills in what a field does not take."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Without the values that their fields refuse: no widget can show them."""
        given: dict[str, Any] = super().get_changeform_initial_data(request)
        fields = self.get_form(request).base_fields
        return {
            name: value
            for name, value in given.items()
            if name not in fields or _takes(fields[name], value)
        }


def _takes(field: forms.Field, value: Any) -> bool:
    try:
        field.clean(value)
    except (ValidationError, ValueError, TypeError):  # some fields expect more than a text
        return False
    return True
