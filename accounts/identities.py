"""From what an issuer says about somebody to a user here.

A person is known by issuer and subject and by nothing else: names and mail addresses change hands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from accounts.caller import INFERENCE_ALONE, Caller
from accounts.models import Identity, User

UNUSUAL = re.compile(r"[^\w.@+-]")
LONGEST_NAME = 100
LONGEST_SUBJECT = 255
LONGEST_EMAIL = 254
MOST_GROUPS = 200


def caller_of(claims: Mapping[str, Any], *, groups_claim: str, new_users: str) -> Caller | None:
    """The caller that verified claims speak of; None if they name no user who may call.

    A new person becomes an ordinary user, who sees what everyone sees: at once where
    ``new_users`` is ``active``, when an admin says so where it is ``pending``, and never where it
    is ``refused``. The claim's groups count beside those the user was put into here, and only those
    that exist.
    """
    subject = _text(claims["sub"])
    user = _user_of(claims, new_users) if 0 < len(subject) <= LONGEST_SUBJECT else None
    if user is None or not user.is_active:
        return None
    claimed = _names(claims.get(groups_claim))
    own = user.groups.values_list("pk", flat=True)
    named = Group.objects.filter(name__in=claimed).values_list("pk", flat=True)
    return Caller(
        user_id=user.pk,
        username=user.username,
        email=user.email,
        display_name=user.display_name,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
        group_ids=frozenset(own.union(named)),
        key_id=uuid5(NAMESPACE_URL, f"{claims['iss']}#{claims['sub']}"),
        key_hint=f"jwt:{subject[:12]}",
        scopes=INFERENCE_ALONE,
    )


def _user_of(claims: Mapping[str, Any], new_users: str) -> User | None:
    known = Identity.objects.filter(issuer=claims["iss"], subject=claims["sub"])
    identity = known.select_related("user").first()
    if identity is not None or new_users == "refused":
        return identity.user if identity else None
    try:
        with transaction.atomic():
            return _new_user(claims, is_active=new_users == "active")
    except IntegrityError:  # another worker was faster
        identity = known.select_related("user").first()
        return identity.user if identity else None


def _new_user(claims: Mapping[str, Any], *, is_active: bool) -> User:
    user = User(
        username=_free_username(claims),
        is_active=is_active,
        is_pending=not is_active,
        email=_email(claims) if claims.get("email_verified") is True else "",
        first_name=_text(claims.get("given_name") or claims.get("name"))[:150],
        last_name=_text(claims.get("family_name"))[:150] if claims.get("given_name") else "",
    )
    user.set_unusable_password()
    user.save()
    Identity.objects.create(user=user, issuer=claims["iss"], subject=claims["sub"])
    return user


def _free_username(claims: Mapping[str, Any]) -> str:
    """The issuer's name of the person, made different from a name that is taken here."""
    wanted = _text(claims.get("preferred_username")) or _text(claims.get("sub"))
    name = UNUSUAL.sub("-", wanted)[:LONGEST_NAME] or "user"
    if not User.objects.filter(username=name).exists():
        return name
    mark = hashlib.sha256(f"{claims['iss']}#{claims['sub']}".encode()).hexdigest()
    return f"{name}-{mark[:10]}"


def _names(value: Any) -> list[str]:
    names = value if isinstance(value, list) else [value]
    return [name for name in names[:MOST_GROUPS] if _text(name)]


def _email(claims: Mapping[str, Any]) -> str:
    email = _text(claims.get("email"))
    return email if len(email) <= LONGEST_EMAIL else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else ""
