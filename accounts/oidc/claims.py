"""A provider's claims about a person, and their effect on the user here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group

from accounts.models import User


def claimed_groups(claims: Mapping[str, Any]) -> frozenset[str]:
    """The groups of the claim ``OIDC_GROUPS_CLAIM``, from the user info or else the ID token.

    A provider that names none says that there are none.
    """
    sources = (claims.get("userinfo") or {}, claims.get("id_token") or {})
    found = next(
        (source[name] for source in sources if (name := settings.OIDC_GROUPS_CLAIM) in source), ()
    )
    names = found if isinstance(found, list | tuple) else [found]
    return frozenset(name for name in names if isinstance(name, str))


def follow_claims(user: User, claims: Mapping[str, Any]) -> None:
    """Bring groups and role of a saved ``user`` in line with what their provider says now.

    Only the groups that ``OIDC_GROUP_MAPPING`` leads to are touched, and the role only where
    settings say which groups of the provider it comes from.
    """
    groups = claimed_groups(claims)
    _follow_groups(user, groups)
    if settings.OIDC_STAFF_GROUPS or settings.OIDC_SUPERUSER_GROUPS:
        _follow_role(user, groups)


def _follow_groups(user: User, claimed: frozenset[str]) -> None:
    mapping: dict[str, str] = settings.OIDC_GROUP_MAPPING
    managed = set(mapping.values())
    wanted = {name for claim, name in mapping.items() if claim in claimed}
    present = set(user.groups.filter(name__in=managed).values_list("name", flat=True))
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in wanted - present))
    user.groups.remove(*Group.objects.filter(name__in=present - wanted))


def _follow_role(user: User, claimed: frozenset[str]) -> None:
    is_superuser = not claimed.isdisjoint(settings.OIDC_SUPERUSER_GROUPS)
    is_staff = is_superuser or not claimed.isdisjoint(settings.OIDC_STAFF_GROUPS)
    if (user.is_staff, user.is_superuser) != (is_staff, is_superuser):
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])
