"""What a person who looks after a group may do: see its members, invite and remove them.

A manager sees the members of that group alone. A person becomes a member by accepting an
invitation, so that no manager learns of, or looks at, people who do not want that. Groups that give
permissions of the admin are managed by those who have all of these permissions: membership would
hand them over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet, Sum

from accounts.claimed_users import folded
from accounts.models import ApiKey, User
from accounts.rights import may_change_group
from portal.models import GroupInvitation
from portal.refusals import ForbiddenError, NotTheirsError, RefusedError
from usage.models import UsageHour
from usage.reports import Line

MOST_INVITATIONS = 200
MOST_MEMBERS = 500  # that a page shows
SPAN = timedelta(days=30)
SUMS = ("requests", "failed", "prompt_tokens", "completion_tokens", "cost", "unpriced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member as their manager sees them: hints of keys, and sums of the last days."""

    user: User
    keys: tuple[ApiKey, ...]
    used: Line


def groups_managed_by(user: User) -> QuerySet[Group]:
    """Every look at a group in the portal begins here."""
    return Group.objects.filter(managers__user=user).order_by("name")


def managed_group(user: User, group_id: int) -> Group:
    """Raises :class:`NotTheirsError`."""
    group = groups_managed_by(user).filter(pk=group_id).first()
    if group is None:
        raise NotTheirsError("You look after no such group.")
    return group


def members_of(group: Group, *, now: datetime) -> list[Member]:
    """Three queries, however many members."""
    users = list(group.user_set.order_by("username")[:MOST_MEMBERS])
    ids = [user.pk for user in users]
    keys: dict[int, list[ApiKey]] = {}
    for key in ApiKey.objects.usable().ordinary().filter(user__in=ids):
        keys.setdefault(key.user_id, []).append(key)
    used = _used_by(ids, now - SPAN)
    return [
        Member(
            user=user,
            keys=tuple(keys.get(user.pk, ())),
            used=used.get(user.pk, Line(group=user.username)),
        )
        for user in users
    ]


def invite(manager: User, group: Group, email: str) -> GroupInvitation:
    """Raises :class:`RefusedError`. The same whether or not a user has the address."""
    _check_permissions(manager, group)
    address = folded(email.strip())
    try:
        validate_email(address)
    except ValidationError as exc:
        raise RefusedError("Give a mail address.", field="email") from exc
    if group.portal_invitations.count() >= MOST_INVITATIONS:
        raise RefusedError(f"{MOST_INVITATIONS} invitations are open. Withdraw some first.")
    row, _ = GroupInvitation.objects.get_or_create(
        group=group, email=address, defaults={"invited_by": manager}
    )
    return row


def withdraw_invitation(group: Group, invitation_id: int) -> None:
    """One that is gone is no error: it may have been accepted."""
    group.portal_invitations.filter(pk=invitation_id).delete()


def member_of(group: Group, user_id: int) -> User:
    """Raises :class:`NotTheirsError`."""
    user = group.user_set.filter(pk=user_id).first()
    if user is None:
        raise NotTheirsError("The group has no such member.")
    return user


def remove_member(manager: User, group: Group, user_id: int) -> None:
    """Raises :class:`RefusedError`."""
    _check_permissions(manager, group)
    member_of(group, user_id).groups.remove(group)


def invitations_for(user: User) -> QuerySet[GroupInvitation]:
    """Those that wait for ``user``, by their mail address."""
    if not user.email:
        return GroupInvitation.objects.none()
    found = GroupInvitation.objects.filter(email=folded(user.email))
    return found.select_related("group", "invited_by")


@transaction.atomic
def answer(user: User, invitation_id: int, *, is_accepted: bool) -> Group:
    """Become a member, or not. Raises :class:`NotTheirsError`."""
    row = invitations_for(user).select_for_update(of=("self",)).filter(pk=invitation_id).first()
    if row is None:
        raise NotTheirsError("No such invitation waits for you.")
    if is_accepted:
        _check_inviter(row)
        user.groups.add(row.group)
    row.delete()
    return row.group


def _check_inviter(row: GroupInvitation) -> None:
    """An invitation counts as long as its author could still write it."""
    inviter = row.invited_by
    is_manager = inviter is not None and groups_managed_by(inviter).filter(pk=row.group_id).exists()
    if inviter is None or not is_manager or not inviter.is_active:
        raise RefusedError("The invitation does not count any more.")
    _check_permissions(inviter, row.group)


def _check_permissions(manager: User, group: Group) -> None:
    if not may_change_group(manager, group):
        raise ForbiddenError(
            "The group gives permissions of the admin that you lack. An administrator looks after "
            "its members."
        )


def _used_by(user_ids: list[int], since: datetime) -> dict[int, Line]:
    sums: dict[str, Any] = {f"sum_{name}": Sum(name) for name in SUMS}
    rows: Any = (
        UsageHour.objects.filter(user_id__in=user_ids, hour__gte=since)
        .order_by()
        .values("user_id")
        .annotate(**sums)
    )
    found = {}
    for row in rows:
        values: dict[str, Any] = {name: row[f"sum_{name}"] or 0 for name in SUMS}
        found[row["user_id"]] = Line(group="", **values)
    return found
