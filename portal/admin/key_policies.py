"""The policies of keys that people make themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from accounts.admin.deletions import TellsConsequences
from accounts.admin.fields import LinesField
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from accounts.rights import may_change_group
from portal.models import KeyPolicy


class KeyPolicyForm(forms.ModelForm):
    """Knows who edits: the admin gives it ``person``."""

    person: Any = None

    model_patterns = LinesField(
        required=False,
        help_text="One per line; * stands for any characters. New keys are narrowed to these "
        "models, or to fewer. Empty: all that their user may use.",
    )

    def clean_group(self) -> Group | None:
        group: Group | None = self.cleaned_data["group"]
        if group is not None and not may_change_group(self.person, group):
            raise ValidationError("The group has permissions that you lack.")
        return group


@admin.register(KeyPolicy)
class KeyPolicyAdmin(RefusesStaleEdits, TellsConsequences, ModelAdmin):
    form = KeyPolicyForm
    fieldsets = (
        (
            None,
            {
                "fields": ("group",),
                "description": "What members may do in the portal and with /v1/me/keys. Of several "
                "groups of a person that have a policy, the most generous part of each holds.",
            },
        ),
        ("Keys", {"fields": ("may_make_keys", "most_keys", "longest_days", "model_patterns")}),
        ("More", {"fields": ("may_make_managing_keys", "shows_catalogue")}),
    )
    autocomplete_fields = ("group",)
    list_display = ("name", "may_make_keys", "most_keys", "longest_days", "shows_catalogue")

    @display(description="For", ordering="group__name")
    def name(self, policy: KeyPolicy) -> str:
        return str(policy.group or "people without a policy")

    def consequences(self, row: KeyPolicy) -> str:
        return (
            "Its people fall under the policies of their other groups, or under the one without a "
            "group. Keys that they have stay."
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[KeyPolicy]:
        return super().get_queryset(request).select_related("group")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _is_theirs(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _is_theirs(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.person = request.user
        made: type[forms.ModelForm] = form
        return made


def _is_theirs(request: HttpRequest, policy: KeyPolicy | None) -> bool:
    """The keys of a group with permissions are the affair of those who have these."""
    group = policy.group if policy else None
    return group is None or may_change_group(request.user, group)
