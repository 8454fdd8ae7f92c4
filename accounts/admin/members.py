"""The members of a group: pasted as a list of user names and mail addresses, and taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.db.models.functions import Lower
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from accounts.admin.person_field import is_address, is_id
from accounts.claimed_users import folded
from accounts.models import User

MOST = 1000
A_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """The outcome of a pasted list. Names are as pasted, except for those ``added``."""

    added: tuple[str, ...]
    already: int
    several: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def addresses(self) -> list[str]:
        """Those of the unknown who can be invited."""
        return [text for text in self.unknown if is_address(text)]


def join(group: Group, text: str) -> Joined:
    """Add the users whom ``text`` names to ``group``: names or addresses, by line or comma.

    Three queries, however many there are.
    """
    wanted = list(dict.fromkeys(filter(None, map(str.strip, text.replace(",", "\n").split("\n")))))
    wanted = wanted[:MOST]
    found = _found(wanted)
    members = set(group.user_set.values_list("pk", flat=True))
    users = [users[0] for users in found.values() if len(users) == 1]
    new = {user.pk: user.username for user in users if user.pk not in members}
    group.user_set.add(*new)
    return Joined(
        added=tuple(new.values()),
        already=len({user.pk for user in users} & members),
        several=tuple(text for text, users in found.items() if len(users) > 1),
        unknown=tuple(text for text in wanted if not found[text]),
    )


def _found(wanted: list[str]) -> dict[str, list[User]]:
    """The users whom each text means: the one of the name, or else those of the address."""
    sought = [text for text in wanted if "\0" not in text]  # which PostgreSQL refuses
    lowered = {text.lower() for text in sought}
    users = User.objects.annotate(lower_email=Lower("email")).filter(
        Q(username__in=sought) | Q(lower_email__in=lowered)
    )
    by_name: dict[str, list[User]] = {}
    by_address: dict[str, list[User]] = {}
    for user in users:
        by_name[user.username] = [user]
        if user.email:
            by_address.setdefault(folded(user.email), []).append(user)
    return {text: by_name.get(text) or by_address.get(folded(text), []) for text in wanted}


class HasMembers:
    """For the ``ModelAdmin`` of groups."""

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.members_page)  # type: ignore[attr-defined]
        urls: list[URLPattern] = super().get_urls()  # type: ignore[misc]
        return [path("<int:group_id>/members/", page, name="auth_group_members"), *urls]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Names of members are for those who may see users."""
        page = super().history_view(request, object_id, extra_context)  # type: ignore[misc]
        if isinstance(page, TemplateResponse) and not request.user.has_perm("accounts.view_user"):
            for entry in (page.context_data or {}).get("action_list", ()):
                if not entry.change_message.startswith("["):  # those of forms, in JSON
                    entry.change_message = "Changed the members."
        return page

    def members_page(self, request: HttpRequest, group_id: int) -> HttpResponse:
        """List the members; a form adds ``people``, or takes the user ``remove`` out.

        For superusers: a group gives rights.
        """
        if not request.user.is_superuser:
            raise PermissionDenied
        admin: Any = self
        group = get_object_or_404(Group, pk=group_id)
        joined = None
        if people := request.POST.get("people", ""):
            joined = join(group, people)
            if joined.added:
                admin.log_change(request, group, f"Added {', '.join(joined.added)}.")
        elif is_id(leaving := request.POST.get("remove", "")):
            user = group.user_set.filter(pk=int(leaving)).first()
            if user is not None:
                group.user_set.remove(user)
                admin.log_change(request, group, f"Took {user} out.")
        members = group.user_set.order_by("username").only("username", "email", "is_active")
        context = admin.admin_site.each_context(request) | {
            "title": f"Members of {group}",
            "opts": admin.opts,
            "original": group,
            "joined": joined,
            "page": Paginator(members, A_PAGE).get_page(request.GET.get("page")),
        }
        return TemplateResponse(request, "admin/auth/group/members.html", context)
