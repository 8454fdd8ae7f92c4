"""People and keys by the names they have, or had when they were deleted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.models import ApiKey, Departed, User

MOST_FOUND = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """``keys`` are pairs of a user and one of their keys."""

    user_ids: frozenset[int]
    keys: frozenset[tuple[int, UUID]]


def named(name: str) -> Named:
    """The users with this user name, full name or mail address, and the keys with this name or
    hint; at most ``MOST_FOUND`` of each. Case does not matter.
    """
    first, _, last = name.partition(" ")
    of_users = Q(username__iexact=name) | Q(email__iexact=name)
    is_full_name = Q(first_name__iexact=first, last_name__iexact=last)
    users = chain(
        User.objects.filter(of_users | is_full_name).values_list("pk", flat=True)[:MOST_FOUND],
        Departed.objects.users()
        .filter(of_users | Q(full_name__iexact=name))
        .values_list("user_id", flat=True)[:MOST_FOUND],
    )
    keys = chain(
        ApiKey.objects.filter(Q(name__iexact=name) | Q(hint=name))
        .order_by()
        .values_list("user_id", "pk")[:MOST_FOUND],
        Departed.objects.keys()
        .filter(Q(key_name__iexact=name) | Q(key_hint=name))
        .values_list("user_id", "key_id")[:MOST_FOUND],
    )
    return Named(user_ids=frozenset(users), keys=frozenset(keys))


def user_id_of(username: str) -> int | None:
    """The id of the user with this name, or else of the last deleted one; None if it is unknown."""
    present = User.objects.filter(username=username).values_list("pk", flat=True).first()
    if present is not None:
        return present
    former = Departed.objects.users().filter(username=username).order_by("-left_at")
    found: int | None = former.values_list("user_id", flat=True).first()
    return found


@receiver(pre_delete, sender=User)
def note_departure(sender: Any, *, instance: User, **kwargs: Any) -> None:
    Departed.objects.create(**_person(instance))


@receiver(pre_delete, sender=ApiKey)
def note_end_of_key(sender: Any, *, instance: ApiKey, **kwargs: Any) -> None:
    Departed.objects.create(
        **_person(instance.user),
        key_id=instance.pk,
        key_hint=instance.hint,
        key_name=instance.name,
    )


def _person(user: User) -> dict[str, Any]:
    return {
        "user_id": user.pk,
        "username": user.username,
        "full_name": user.get_full_name(),
        "email": user.email,
    }
