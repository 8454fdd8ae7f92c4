"""API keys: shown once, when made; a hint of them ever after."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.admin.api_key_filters import StateFilter
from accounts.admin.api_key_forms import ApiKeyForm, RotationForm
from accounts.admin.deletions import USAGE_STAYS, TellsConsequences, counted
from accounts.admin.new_keys import ShowsNewKeys
from accounts.admin.stale_edits import RefusesStaleEdits
from accounts.models import ApiKey, KeyState
from accounts.rights import may_hold, within_rights_of

# The scope and lifetime of a key; hidden from users who may not see them.
POWERS = ("scopes", "model_patterns", "is_resumable", "expires_at")
# For superusers: with such a key its holder calls models in anybody's name.
SPEAKING = ("may_speak_for_users", "unknown_users_group")


@admin.register(ApiKey)
class ApiKeyAdmin(ShowsNewKeys, RefusesStaleEdits, TellsConsequences, ModelAdmin):
    form = ApiKeyForm
    change_form_outer_after_template = "admin/limits/of_subject.html"
    list_display = (
        *("hint", "name", "user", "state", "speaks_for_users"),
        *("last_used_at", "created_at", "expires_at"),
    )
    list_filter = (StateFilter, ("user", AutocompleteSelectFilter), "may_speak_for_users")
    list_filter_submit = True
    list_select_related = ("user",)
    search_fields = ("name", "hint", "earlier_keys__hint", "user__username", "user__email")
    date_hierarchy = "created_at"
    autocomplete_fields = ("user",)
    actions = ("revoke_selected",)
    actions_detail = ("rotate", "revoke")

    def consequences(self, row: ApiKey) -> str:
        others = counted(row.user.api_keys.usable().exclude(pk=row.pk).count(), "other key")
        return (
            f"Calls with it and with its earlier secrets are refused at once; {row.user} keeps "
            f"{others} that work. {USAGE_STAYS} To keep the row, revoke the key instead."
        )

    @display(
        description="State", label={"Active": "success", "Expired": "warning", "Revoked": "default"}
    )
    def state(self, key: ApiKey) -> str:
        return key.state.label

    @display(description="For users", boolean=True)
    def speaks_for_users(self, key: ApiKey) -> bool:
        return key.may_speak_for_users

    @display(description="Earlier secrets that still work")
    def earlier_secrets(self, key: ApiKey) -> str:
        """A hint is unknown where the rotation was before hints were kept."""
        return ", ".join(
            f"{earlier.shown_hint} until {earlier.expires_at:%Y-%m-%d %H:%M} UTC"
            for earlier in key.earlier_keys.overlapping().order_by("expires_at")
        )

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            fields = ("user", "name", "scopes", "model_patterns", "is_resumable", "expires_at")
            return (*fields, *SPEAKING) if request.user.is_superuser else fields
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
        # Filters on the digest would let an admin guess it character by character.
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField | None:
        if db_field.name == "user" and not request.user.is_superuser:
            kwargs["queryset"] = within_rights_of(request.user)
            kwargs["error_messages"] = {
                "invalid_choice": "Only a superuser makes keys for other members of staff, and for "
                "users with permissions that you lack."
            }
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *, add: bool = False, **kwargs: Any
    ) -> HttpResponse:
        if add:
            # The next page shows the new key, so these two buttons could not do what they say.
            context |= {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().render_change_form(request, context, add=add, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: ApiKey, form: forms.ModelForm, change: bool
    ) -> None:
        if not change:
            request.issued_key = obj.assign_key()  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self.redirect_to_new_key(request, obj, request.issued_key)  # type: ignore[attr-defined]

    @admin.action(description="Revoke selected API keys", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        keys = list(queryset.filter(revoked_at__isnull=True))
        for key in keys:
            self.revoke_and_log(request, key)
        plural = "key" if len(keys) == 1 else "keys"
        messages.success(request, f"{len(keys)} {plural} revoked.")

    @action(description="Rotate", icon="autorenew", permissions=["rotate"])
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask first, with a page of its own, since the next page shows the new key."""
        row = self.get_object(request, object_id)
        if row is None or row.state is not KeyState.ACTIVE:
            messages.error(request, "A key that is revoked or has expired cannot be rotated.")
            return HttpResponseRedirect(reverse("admin:accounts_apikey_changelist"))
        form = RotationForm(request.POST or None)
        if form.is_valid():
            key = row.rotate(overlap=timedelta(hours=form.cleaned_data["overlap_hours"]))
            self.log_change(request, row, "Rotated.")
            return self.redirect_to_new_key(request, row, key)
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
