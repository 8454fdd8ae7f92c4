"""API keys: shown once, when made; a hint of them ever after."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.admin.api_key_filters import HealthFilter
from accounts.admin.api_key_forms import ApiKeyForm, RotationForm
from accounts.admin.deletions import USAGE_STAYS, TellsConsequences, counted
from accounts.admin.hubs import HasHub
from accounts.admin.key_columns import ListsKeys
from accounts.admin.key_lines import key_lines
from accounts.admin.key_making import SPEAKING, MakesKeys
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.new_keys import Secrets
from accounts.admin.stale_edits import RefusesStaleEdits
from accounts.models import ApiKey, KeyState
from accounts.models.api_key_states import health_of
from accounts.rights import may_hold

# The scope and lifetime of a key; hidden from users who may not see them.
POWERS = ("scopes", "model_patterns", "is_resumable", "expires_at")


@admin.register(ApiKey)
class ApiKeyAdmin(HasHub, MakesKeys, ListsKeys, RefusesStaleEdits, TellsConsequences, ModelAdmin):
    hub_template = "admin/accounts/apikey/hub.html"
    form = ApiKeyForm
    list_filter = (HealthFilter,)
    search_fields = ("name", "hint", "earlier_keys__hint", "user__username", "user__email")
    actions = ("revoke_selected",)
    actions_detail = ("rotate", "revoke")

    def hub(self, request: HttpRequest, row: ApiKey) -> dict[str, Any]:
        (line,) = key_lines([row], request.user)
        return {"line": line, "earlier": self.earlier_secrets(row)}

    def consequences(self, row: ApiKey) -> str:
        number = row.user.api_keys.usable().exclude(pk=row.pk).count()
        others = f"{counted(number, 'other key')} that {'works' if number == 1 else 'work'}"
        return (
            f"Calls with it and with its earlier secrets are refused at once; {row.user} keeps "
            f"{others}. {USAGE_STAYS} To keep the row, revoke the key instead."
        )

    @display(description="State")
    def state(self, key: ApiKey) -> str:
        return health_of(key, timezone.now()).label

    @display(description="Earlier secrets that still work")
    def earlier_secrets(self, key: ApiKey) -> str:
        """A hint is unknown where the rotation was before hints were kept."""
        return ", ".join(
            f"{earlier.shown_hint} until {earlier.expires_at:%Y-%m-%d %H:%M} UTC"
            for earlier in key.earlier_keys.overlapping().order_by("expires_at")
        )

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        return (
            *("hint", "user", "name", "scopes", "model_patterns", "is_resumable", *SPEAKING),
            *(
                "state",
                "last_used_at",
                "created_at",
                "expires_at",
                "rotated_at",
                "earlier_secrets",
                "revoked_at",
            ),
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> tuple[str, ...]:
        if obj is None:
            return ()
        times = ("created_at", "last_used_at", "rotated_at", "earlier_secrets", "revoked_at")
        powers = () if self._may_hold(request, obj) else POWERS
        speaking = () if request.user.is_superuser else SPEAKING
        return ("hint", "user", "state", *times, *powers, *speaking)

    def _may_hold(self, request: HttpRequest, key: ApiKey) -> bool:
        speaks = key.may_speak_for_users
        return may_hold(request.user, key.user, key.scopes, speaks_for_users=speaks)

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        is_final = obj is not None and obj.revoked_at is not None
        return super().has_change_permission(request, obj) and not is_final

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        # A filter on the digest would tell it, character by character, to all who see the list.
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    @admin.action(description="Revoke selected API keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        keys = list(queryset.filter(revoked_at__isnull=True))
        for key in keys:
            self.revoke_and_log(request, key)
        plural = "key" if len(keys) == 1 else "keys"
        messages.success(request, f"{len(keys)} {plural} revoked.")

    @action(description="Rotate…", icon="autorenew", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Rotate where a form asks for it, with the usual overlap unless it gives another one.

        A look asks how long the overlap is to be.
        """
        row = self.get_object(request, object_id)
        if row is None or row.state is not KeyState.ACTIVE:
            messages.error(request, "A key that is revoked or has expired cannot be rotated.")
            return HttpResponseRedirect(reverse("admin:accounts_apikey_changelist"))
        form = RotationForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            key = row.rotate(overlap=form.cleaned_data["overlap_hours"])
            self.log_change(request, row, "Rotated.")
            return self.redirect_to_new_key(request, row, Secrets(key=key))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Rotate {row}",
            "opts": self.opts,
            "row": row,
            "form": form,
        }
        return TemplateResponse(request, "admin/accounts/apikey/rotate.html", context)

    def has_rotate_permission(self, request: HttpRequest, object_id: str) -> bool:
        """A user who sees another user's new key could act as that user."""
        key = self.get_object(request, object_id)
        return (
            key is not None
            and not key.is_playground
            and self.has_change_permission(request, key)
            and self._may_hold(request, key)
        )

    @action(
        description="Revoke",
        icon="block",
        variant=ActionVariant.DANGER,
        permissions=["revoke"],
        dialog={
            "title": "Revoke this key?",
            "description": "Calls with it are refused from now on. This cannot be undone.",
            "form_class": None,
            "form_submit_text": "Revoke",
        },
    )
    def revoke(self, request: HttpRequest, form: forms.Form, object_id: str) -> HttpResponse:
        key = self.get_object(request, object_id)
        if key is not None:
            self.revoke_and_log(request, key)
            messages.success(request, f"{key} is revoked.")
        url = reverse("admin:accounts_apikey_change", args=(object_id,))
        if "HX-Request" in request.headers:
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)

    def has_revoke_permission(self, request: HttpRequest, object_id: str) -> bool:
        key = self.get_object(request, object_id)
        return key is not None and self.has_change_permission(request, key)

    def revoke_and_log(self, request: HttpRequest, key: ApiKey) -> None:
        key.revoke()
        self.log_change(request, key, "Revoked.")
