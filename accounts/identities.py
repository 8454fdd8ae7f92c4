"""From what an issuer says about somebody to a user here.

A person is known by issuer and subject and by nothing else: names and mail addresses change hands.
Only somebody whom a trusted caller has named before is found by the address: see
:mod:`accounts.adoption`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from accounts.adoption import adopt, is_of_newcomer
from accounts.caller import INFERENCE_ALONE, Caller
from accounts.claims import MISSING, find, is_elsewhere, is_true, kind, read_names, text_of
from accounts.models import Identity, User
from accounts.refusals import Refusals
from accounts.user_names import free_username, wanted_names

LONGEST_SUBJECT = 255
LONGEST_EMAIL = 254
MOST_GROUPS = 200


def caller_of(
    claims: Mapping[str, Any], *, groups_claim: str, new_users: str, refusals: Refusals
) -> Caller | None:
    """The caller that verified claims speak of; None if they name no user who may call.

    A new person becomes an ordinary user, who sees what everyone sees: at once where
    ``new_users`` is ``active``, when an admin says so where it is ``pending``, and never where it
    is ``refused``. The claim's groups count beside those the user was put into here, and only those
    that exist. ``refusals`` is told why somebody may not call.
    """
    subject = text_of(claims["sub"])
    if not 0 < len(subject) <= LONGEST_SUBJECT:
        refusals.note("its subject (`sub`) is empty, too long or not printable")
        return None
    user = _user_of(claims, new_users)
    if user is None or not user.is_active:
        refusals.note(_reason(user))
        return None
    claimed = _claimed_groups(claims, groups_claim, refusals)
    own = user.groups.values_list("pk", flat=True)
    return Caller(
        user_id=user.pk,
        username=user.username,
        email=user.email,
        display_name=user.display_name,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        group_ids=frozenset(own.union(claimed.values_list("pk", flat=True))),
        key_id=uuid5(NAMESPACE_URL, f"{claims['iss']}#{claims['sub']}"),
        key_hint=f"jwt:{subject[:12]}",
        scopes=INFERENCE_ALONE,
    )


def _reason(user: User | None) -> str:
    if user is None:
        return "it is of a person who is not known here, and GATEWAY_JWT_NEW_USERS is `refused`"
    if user.is_pending:
        return "its user waits for an administrator (pending)"
    return "its user is not active"


def _claimed_groups(claims: Mapping[str, Any], name: str, refusals: Refusals) -> QuerySet[Group]:
    """The groups here that the claim names. One that is unreadable is told of in the log."""
    value = find(claims, name)
    if value is MISSING:
        if is_elsewhere(claims, name):
            refusals.warn(f"A token has no room for the claim `{name}`", "its groups do not count")
        return Group.objects.none()
    named = read_names(value, lambda whole: _groups_named([whole]).exists())
    if not named.is_complete:
        # The rest of the token is good, and what was read counts.
        refusals.warn(f"The groups in the claim `{name}` of a token cannot be read", kind(value))
    return _groups_named(sorted(named.names)[:MOST_GROUPS])


def _groups_named(names: Iterable[str]) -> QuerySet[Group]:
    printable = [name for name in names if text_of(name)]
    return Group.objects.filter(name__in=[*printable, *(f"/{name}" for name in printable)])


def _user_of(claims: Mapping[str, Any], new_users: str) -> User | None:
    known = Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"])
    identity = known.select_related("user").first()
    if identity is not None or new_users == "refused":
        return identity.user if identity else None
    try:
        with transaction.atomic():
            return _newly_known(claims, is_active=new_users == "active")
    except IntegrityError:  # another worker was faster
        identity = known.select_related("user").first()
        return identity.user if identity else None


def _newly_known(claims: Mapping[str, Any], *, is_active: bool) -> User:
    """The user of a person who comes for the first time; no shorter way than ``is_active`` says."""
    email = _email(claims) if is_true(claims.get("email_verified")) else ""
    if is_active:
        adopted = adopt(email, issuer=claims["iss"], subject=claims["sub"])
        if adopted is not None:
            return adopted
    # Of two users with one address, trusted callers could speak for neither.
    return _new_user(claims, "" if is_of_newcomer(email) else email, is_active=is_active)


def _new_user(claims: Mapping[str, Any], email: str, *, is_active: bool) -> User:
    names = wanted_names(lambda claim: text_of(claims.get(claim)))
    user = User(
        username=free_username(names, f"{claims['iss']}#{claims['sub']}"),
        is_active=is_active,
        is_pending=not is_active,
        email=email,
        first_name=text_of(claims.get("given_name") or claims.get("name"))[:150],
        last_name=text_of(claims.get("family_name"))[:150] if claims.get("given_name") else "",
    )
    user.set_unusable_password()
    user.save()
    Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
    return user


def _email(claims: Mapping[str, Any]) -> str:
    email = text_of(claims.get("email"))
    return email if len(email) <= LONGEST_EMAIL else ""
