"""The gateway's switches: one page, which always exists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Field
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from connections.models import GatewaySettings


@admin.register(GatewaySettings)
class GatewaySettingsAdmin(RefusesStaleEdits, ModelAdmin):
    fields = (
        "enable_openai_api",
        "bypass_model_access_control",
        "forward_user_info_headers",
        "models_cache_ttl",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: GatewaySettings | None = None
    ) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        url = reverse(
            "admin:connections_gatewaysettings_change", args=(GatewaySettings.SINGLETON_ID,)
        )
        return HttpResponseRedirect(url)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> GatewaySettings | None:
        return GatewaySettings.load() if object_id == str(GatewaySettings.SINGLETON_ID) else None

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Say what "empty" amounts to: the environment's own value."""
        formfield: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        variable = ENVIRONMENT_NAMES.get(db_field.name)
        if formfield is None or variable is None:
            return formfield
        value = getattr(settings, variable)
        if isinstance(formfield, forms.NullBooleanField):
            formfield.widget.choices = [
                ("unknown", f"As the environment says ({'on' if value else 'off'})"),
                ("true", "On"),
                ("false", "Off"),
            ]
        else:
            formfield.widget.attrs["placeholder"] = f"As the environment says ({value:g})"
        return formfield


ENVIRONMENT_NAMES = {
    "enable_openai_api": "ENABLE_OPENAI_API",
    "bypass_model_access_control": "BYPASS_MODEL_ACCESS_CONTROL",
    "forward_user_info_headers": "ENABLE_FORWARD_USER_INFO_HEADERS",
    "models_cache_ttl": "MODELS_CACHE_TTL",
}
