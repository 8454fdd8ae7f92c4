"""The managers of groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from accounts.admin.deletions import TellsConsequences
from accounts.admin.model_admin import ModelAdmin
from accounts.rights import may_change_group
from portal.models import GroupManager


class GroupManagerForm(forms.ModelForm):
    """Knows who edits: the admin gives it ``person``."""

    person: Any = None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        group, user = cleaned.get("group"), cleaned.get("user")
        if group and not may_change_group(self.person, group):
            raise ValidationError({"group": "The group has permissions that you lack."})
        if group and user and not may_change_group(user, group):
            raise ValidationError(
                {"user": "The group gives permissions of the admin that this person lacks."}
            )
        return cleaned


@admin.register(GroupManager)
class GroupManagerAdmin(TellsConsequences, ModelAdmin):
    form = GroupManagerForm
    fieldsets = (
        (
            None,
            {
                "fields": ("group", "user"),
                "description": "A manager sees the members of the group in the portal, with hints "
                "of their keys and sums of what they use, invites people by their mail address, "
                "and removes members.",
            },
        ),
    )
    autocomplete_fields = ("group", "user")
    list_display = ("group", "user")
    list_filter = (("group", AutocompleteSelectFilter), ("user", AutocompleteSelectFilter))
    list_filter_submit = True
    search_fields = ("group__name", "user__username", "user__email")

    def consequences(self, row: GroupManager) -> str:
        return f"{row.user} looks after {row.group} no longer. Members stay; open invitations end."

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change, **kwargs)
        form.person = request.user
        return form

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupManager]:
        return super().get_queryset(request).select_related("group", "user")
