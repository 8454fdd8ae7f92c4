"""Users and groups. Only a superuser grants rights; other staff cannot edit users with more rights.

A password that was set here, or a group that was renamed to what a provider calls one's own, would
hand over the rights behind it.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import ManyToManyField, QuerySet
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2MultipleWidget

from accounts.admin.deletions import (
    MOST_TOLD,
    USAGE_STAYS,
    TellsConsequences,
    counted,
    deletion_asked,
)
from accounts.admin.hub_facts import group_hub, user_hub
from accounts.admin.hubs import HasHub
from accounts.admin.inviting import InvitesPeople
from accounts.admin.members import HasMembers
from accounts.admin.model_admin import ModelAdmin
from accounts.admin.stale_edits import RefusesStaleEdits
from accounts.models import User
from accounts.rights import may_act_for, may_change_group
from accounts.sign_in.passwords import refuse_when_sso_only

MOST_NAMED = 10
RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


class PermissionsFieldMixin:
    """Permissions in a searchable list, read with one query."""

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest | None = None, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField | None:
        is_searched = db_field.related_model is Permission
        if is_searched:
            kwargs["queryset"] = Permission.objects.select_related("content_type")
            kwargs["widget"] = UnfoldAdminSelect2MultipleWidget()
        field: forms.ModelMultipleChoiceField | None
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and is_searched:
            # The theme has set the class of a plain list; the searched list needs its own.
            field.widget.attrs["class"] = UnfoldAdminSelect2MultipleWidget().attrs["class"]
            field.help_text = ""
        return field


@admin.register(User)
class UserAdmin(
    HasHub,
    InvitesPeople,
    RefusesStaleEdits,
    TellsConsequences,
    PermissionsFieldMixin,
    DjangoUserAdmin,
    ModelAdmin,
):
    hub_template = "admin/accounts/user/hub.html"
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    undisclosed = ("password",)
    list_display = ("username", "full_name", "email", "role", "is_active", "last_login")
    list_filter = ("is_active", "is_pending", "is_staff", "is_superuser", "groups")
    list_filter_submit = True
    autocomplete_fields = ("groups",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    actions = ("activate_selected", "remove_second_factors")

    @display(description="Name", ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(
        description="Role",
        ordering="is_superuser",
        label={"Superuser": "primary", "Staff": "info", "User": "default", "Pending": "warning"},
    )
    def role(self, user: User) -> str:
        if user.is_pending:
            return "Pending"
        if user.is_superuser:
            return "Superuser"
        return "Staff" if user.is_staff else "User"

    def hub(self, request: HttpRequest, row: User) -> dict[str, Any]:
        return user_hub(request.user, row)

    def consequences(self, row: User) -> str:
        keys = counted(row.api_keys.usable().count(), "API key")
        return (
            f"{keys} and their running streams end at once, and signing in as this user becomes "
            f"impossible. {USAGE_STAYS} To keep the row, make the user inactive."
        )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *RIGHTS)

    @admin.action(description="Activate selected users", permissions=["change"])
    def activate_selected(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        waiting = [
            user for user in queryset if not user.is_active and may_act_for(request.user, user)
        ]
        for user in waiting:
            user.is_active = True
            user.save(update_fields=["is_active"])
            self.log_change(request, user, "Activated.")
        messages.success(request, f"{len(waiting)} activated.")

    @admin.action(description="Remove second factors of selected users", permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """For somebody who has lost theirs, and the recovery codes too."""
        theirs = [user for user in queryset if may_act_for(request.user, user)]
        for user in theirs:
            if Authenticator.objects.filter(user=user).delete()[0]:
                self.log_change(request, user, "Removed the second factors.")
        messages.success(request, f"{len(theirs)} can sign in without a second factor.")

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> HttpResponse:
        refuse_when_sso_only()
        return super().user_change_password(request, id, form_url)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or may_act_for(request.user, obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or may_act_for(request.user, obj)
        )


@admin.register(Group)
class GroupAdmin(
    HasHub,
    HasMembers,
    RefusesStaleEdits,
    TellsConsequences,
    PermissionsFieldMixin,
    DjangoGroupAdmin,
    ModelAdmin,
):
    hub_template = "admin/auth/group/hub.html"
    filter_horizontal = ()

    def hub(self, request: HttpRequest, row: Group) -> dict[str, Any]:
        return group_hub(request.user, row)

    def consequences(self, row: Group) -> str:
        number = row.user_set.count()
        members = f"{counted(number, 'member')} {'loses' if number == 1 else 'lose'}"
        permissions = counted(row.permissions.count(), "permission")
        return (
            f"{members} what it gives: {permissions}, and the models granted to it. "
            f"Users, keys and usage records stay. A provider's claim that leads "
            "to the group makes it again, without any of this."
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Group | None = None
    ) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, "permissions")

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_change_permission(request, obj) and (
            obj is None or may_change_group(request.user, obj)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (
            obj is None or may_change_group(request.user, obj)
        )


@receiver(deletion_asked, sender=Group)
def tell_of_members(sender: Any, *, rows: list[Group], viewer: Any, **kwargs: Any) -> list[str]:
    """The members of groups, for those who may see users."""
    if not viewer.has_perm("accounts.view_user"):
        return []
    return [told for group in rows[:MOST_TOLD] if (told := _members_of(group))]


def _members_of(group: Group) -> str:
    names = list(group.user_set.order_by("username").values_list("username", flat=True))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"Members of {group}: {', '.join(names[:MOST_NAMED])}{more}." if names else ""
