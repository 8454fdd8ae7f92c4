"""Where a person stands towards groups: what each page needs to know, with one query."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from accounts.caller import Caller
from accounts.claimed_users import folded
from accounts.models import User
from portal.models import GroupInvitation, GroupManager

NO_KEY = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The groups that a person is in, looks after, and is invited into, by their names."""

    member: tuple[Group, ...] = ()
    managed: tuple[Group, ...] = ()
    invited: tuple[Group, ...] = ()

    def caller(self, user: User) -> Caller:
        """``user`` as a caller whose key is not narrowed."""
        return Caller(
            user_id=user.pk,
            username=user.username,
            email=user.email,
            display_name=user.display_name,
            is_staff=user.is_staff,
            group_ids=frozenset(group.pk for group in self.member),
            key_id=NO_KEY,
            key_hint="",
        )


def standing_of(user: User) -> Standing:
    invitations = GroupInvitation.objects.filter(group=OuterRef("pk"))
    flags = {
        "is_member": Exists(User.groups.through.objects.filter(group=OuterRef("pk"), user=user)),
        "is_managed": Exists(GroupManager.objects.filter(group=OuterRef("pk"), user=user)),
        "is_invited": Exists(invitations.filter(email=folded(user.email) or "-")),
    }
    concerned = Q(is_member=True) | Q(is_managed=True) | Q(is_invited=True)
    found = list(Group.objects.annotate(**flags).filter(concerned).order_by("name"))
    return Standing(
        member=tuple(group for group in found if group.is_member),  # type: ignore[attr-defined]
        managed=tuple(group for group in found if group.is_managed),  # type: ignore[attr-defined]
        invited=tuple(group for group in found if group.is_invited),  # type: ignore[attr-defined]
    )


def standing_in(request: HttpRequest, user: User) -> Standing:
    """That of the person who asks, looked up once for each request."""
    known: Standing | None = getattr(request, "portal_standing", None)
    if known is None:
        known = standing_of(user)
        request.portal_standing = known  # type: ignore[attr-defined]
    return known
