"""What the pages of users and groups tell from this room."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import prefetch_related_objects
from django.utils import timezone

from accounts.admin.key_lines import key_lines
from accounts.models import User
from accounts.rights import may_act_for, may_invite
from infrastructure.moments import Moment

MOST_KEYS = 50
MOST_NAMED = 10


def user_hub(viewer: Any, user: User) -> dict[str, Any]:
    """The groups of ``user`` are read once, for the rooms above as well."""
    prefetch_related_objects([user], "groups")
    last_login = user.last_login
    is_new = last_login is None and not user.has_usable_password()
    lines = None
    if viewer.has_perm("accounts.view_apikey"):
        lines = key_lines(_keys(user), viewer)
    return {
        "groups": user.groups.all(),
        "lines": lines,
        "last_login": Moment.of(last_login, now=timezone.now()) if last_login else None,
        "invitation": user.invitations.waiting().first() if is_new else None,
        "may_invite": is_new
        and bool(user.email)
        and may_invite(viewer)
        and may_act_for(viewer, user),
        "may_make_key": viewer.has_perm("accounts.add_apikey"),
    }


def group_hub(viewer: Any, group: Group) -> dict[str, Any]:
    """Names of members are for viewers of users."""
    size = group.user_set.count()
    sees_people = viewer.has_perm("accounts.view_user")
    named = group.user_set.order_by("username").only("username")[:MOST_NAMED] if sees_people else ()
    return {
        "size": size,
        "sees_people": sees_people,
        "members": named,
        "more": size - MOST_NAMED if size > MOST_NAMED else 0,
        "may_set_members": viewer.is_superuser,
    }


def _keys(user: User) -> list[Any]:
    """The keys of ``user``, which are not read again for their user; those that work come first."""
    keys = list(user.api_keys.order_by("revoked_at", "-created_at")[:MOST_KEYS])
    for key in keys:
        key.user = user
    return sorted(keys, key=lambda key: key.revoked_at is not None)
