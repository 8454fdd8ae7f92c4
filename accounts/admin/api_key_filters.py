"""The filter of the list of API keys, which the chips above the list set."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import ApiKeyQuerySet, KeyHealth


class HealthFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(KeyHealth.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> ApiKeyQuerySet:
        keys: ApiKeyQuerySet = queryset
        value = self.value()
        return keys.in_health(KeyHealth(value)) if value in KeyHealth.values else keys
