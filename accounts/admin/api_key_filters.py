"""The filters beside the list of API keys."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import DropdownFilter

from accounts.models import ApiKey, KeyState


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(KeyState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        is_expired = Q(expires_at__isnull=False, expires_at__lte=timezone.now())
        match self.value():
            case KeyState.ACTIVE:
                return queryset.filter(~is_expired, revoked_at__isnull=True)
            case KeyState.EXPIRED:
                return queryset.filter(is_expired, revoked_at__isnull=True)
            case KeyState.REVOKED:
                return queryset.filter(revoked_at__isnull=False)
        return queryset
