"""The rights of users, and who may act for them.

A permission is Django's, written ``app.codename``. Questions about other people are put to the
database and not to Django's ``has_perm``, which knows no permission of a user who is inactive: such
a user may be given a password today and be activated tomorrow.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from accounts.caller import Scope
from accounts.models import User

NAME = ("content_type__app_label", "codename")


def permissions_of(user_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """The permissions of these users, their own and those of their groups, with one query.

    A superuser needs none, and is listed with those that were given. Blocks on the database.
    """
    permissions = Permission.objects.order_by()  # SQLite has no order within a union
    own = permissions.filter(user__in=user_ids).values_list("user", *NAME)
    of_groups = permissions.filter(group__user__in=user_ids).values_list("group__user", *NAME)
    found: dict[int, set[str]] = {}
    for user_id, app_label, codename in own.union(of_groups):
        found.setdefault(user_id, set()).add(f"{app_label}.{codename}")
    return {user_id: frozenset(names) for user_id, names in found.items()}


def may_administer_anything(user: User) -> bool:
    """Whether the scope admin opens anything for a key of ``user``. Blocks on the database."""
    return user.is_staff and (user.is_superuser or bool(permissions_of([user.pk])))


def within_rights_of(person: Any) -> QuerySet[User]:
    """The users on whose behalf ``person`` may act: have their new keys shown, set their passwords,
    remove their second factors.

    These are all for a superuser. For others they are ``person``, and users who are not staff and
    have no permission that ``person`` lacks, be they active or not.
    """
    if person.is_superuser:
        return User.objects.all()
    lacking = _lacking(person)
    beyond = User.objects.filter(
        Q(is_staff=True)
        | Q(is_superuser=True)
        | Q(user_permissions__in=lacking)
        | Q(groups__permissions__in=lacking)
    )
    return User.objects.filter(~Q(pk__in=beyond.values("pk")) | Q(pk=person.pk))


def may_act_for(person: Any, user: User) -> bool:
    """Whether ``user`` is among :func:`within_rights_of` ``person``."""
    return person.is_superuser or within_rights_of(person).filter(pk=user.pk).exists()


def may_invite(viewer: Any) -> bool:
    """Whether ``viewer`` may add users, as on the admin's own page for it."""
    return bool(viewer.has_perms(("accounts.add_user", "accounts.change_user")))


def may_hold(
    person: Any, user: User, scopes: Iterable[str], *, speaks_for_users: bool = False
) -> bool:
    """Whether ``person`` may be shown a key of ``user`` with ``scopes``, or widen it.

    A key with the scope admin is for its user and superusers, since what it does is recorded in
    the name of its user. It may be left from a time when that user was staff, and count again.
    So is a key that speaks for users, with which its holder calls models in anybody's name.
    """
    if (Scope.ADMIN in scopes or speaks_for_users) and not person.is_superuser:
        return bool(person.pk == user.pk)
    return may_act_for(person, user)


def may_change_group(person: Any, group: Group) -> bool:
    """Whether ``person`` has every permission of ``group``.

    Providers name groups by their names: one that is renamed gets other members.
    """
    return person.is_superuser or not group.permissions.filter(pk__in=_lacking(person)).exists()


def _lacking(person: Any) -> QuerySet[Permission]:
    """The permissions that ``person`` has neither themselves nor by a group."""
    held = Permission.objects.filter(Q(user=person) | Q(group__user=person))
    return Permission.objects.order_by().exclude(pk__in=held.order_by().values("pk"))
