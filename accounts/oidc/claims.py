"""A provider's claims about a person, and their effect on the user here."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group

from accounts.claims import MISSING, Names, find, is_elsewhere, plain, read_names, shape
from accounts.models import User

logger = logging.getLogger(__name__)


def claimed_names(claims: Mapping[str, Any], claim: str) -> Names:
    """The names in ``claim``, from the user info or else the ID token, in the form of ``plain``.

    One that is missing is not complete, unless ``OIDC_MISSING_CLAIM`` says that it means none.
    """
    found = [value for source in sources(claims) if (value := find(source, claim)) is not MISSING]
    read = [read_names(value, known_names().__contains__) for value in found]
    if read:
        return next((names for names in read if names.is_complete), read[0])
    is_none = settings.OIDC_MISSING_CLAIM == "none" and not _is_too_long(claims, claim)
    return Names(names=frozenset(), is_complete=is_none)


def sources(claims: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The user info and the claims of the ID token, either of which may be empty."""
    return (claims.get("userinfo") or {}, claims.get("id_token") or {})


def known_names() -> frozenset[str]:
    """The groups and roles of the provider that settings name."""
    named = (
        *settings.OIDC_GROUP_MAPPING,
        *settings.OIDC_STAFF_GROUPS,
        *settings.OIDC_SUPERUSER_GROUPS,
    )
    return frozenset(map(plain, named))


def follow_claims(user: User, claims: Mapping[str, Any]) -> None:
    """Bring groups and role of a saved ``user`` in line with what their provider says now.

    Only the groups that ``OIDC_GROUP_MAPPING`` leads to are touched, and the role only where
    settings say which names of the provider it comes from. What a claim does not tell stays.
    """
    if settings.OIDC_GROUP_MAPPING:
        _follow_groups(user, _told(user, claims, settings.OIDC_GROUPS_CLAIM, "groups"))
    if settings.OIDC_STAFF_GROUPS or settings.OIDC_SUPERUSER_GROUPS:
        _follow_role(user, _told(user, claims, settings.OIDC_ROLES_CLAIM, "staff and superuser"))


def _is_too_long(claims: Mapping[str, Any], claim: str) -> bool:
    return any(is_elsewhere(source, claim) for source in sources(claims))


def _told(user: User, claims: Mapping[str, Any], claim: str, what: str) -> Names:
    names = claimed_names(claims, claim)
    if not names.is_complete:
        shapes = [
            f"{source} has {shape(find(said, claim))}"
            for source, said in zip(("user info", "ID token"), sources(claims), strict=True)
        ]
        is_too_long = _is_too_long(claims, claim)
        reason = "it is too long for a token" if is_too_long else "; ".join(shapes)
        logger.warning(
            "The claim %s of user %s cannot be read, so nothing of their %s is taken away: %s.",
            *(claim, user.get_username(), what, reason),
        )
    return names


def _follow_groups(user: User, claimed: Names) -> None:
    mapping: dict[str, str] = settings.OIDC_GROUP_MAPPING
    managed = set(mapping.values())
    wanted = {name for claim, name in mapping.items() if plain(claim) in claimed.names}
    present = set(user.groups.filter(name__in=managed).values_list("name", flat=True))
    user.groups.add(*(Group.objects.get_or_create(name=name)[0] for name in wanted - present))
    if claimed.is_complete:
        user.groups.remove(*Group.objects.filter(name__in=present - wanted))


def _follow_role(user: User, claimed: Names) -> None:
    is_superuser = _is_among(claimed, settings.OIDC_SUPERUSER_GROUPS)
    is_staff = is_superuser or _is_among(claimed, settings.OIDC_STAFF_GROUPS)
    if not claimed.is_complete:
        is_superuser, is_staff = is_superuser or user.is_superuser, is_staff or user.is_staff
    if (user.is_staff, user.is_superuser) != (is_staff, is_superuser):
        user.is_staff, user.is_superuser = is_staff, is_superuser
        user.save(update_fields=["is_staff", "is_superuser"])


def _is_among(claimed: Names, wanted: Iterable[str]) -> bool:
    return not claimed.names.isdisjoint(map(plain, wanted))
