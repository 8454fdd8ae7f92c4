"""What is lost with limits, and which limits go with groups, users, keys and connections."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Q
from django.dispatch import receiver

from accounts.admin.deletions import MOST_TOLD, counted, deletion_asked
from accounts.models import ApiKey, User
from connections.models import Connection
from limits.configuration.descriptions import limit_in_words, subject_in_words
from limits.configuration.raises import in_force
from limits.models import Limit


def loss_of(limit: Limit) -> str:
    """What the deletion of ``limit`` brings about."""
    periods = counted(limit.periods.count(), "period")
    raises = counted(len(in_force(limit)), "raise")
    return (
        f"{subject_in_words(limit)} may use more than {limit_in_words(limit)} at once, unless "
        f"another limit says otherwise. What was counted in {periods} is lost, and so are its "
        f"alerts and {raises} in force: a new limit counts its current period again, from the "
        "usage records that are there. They stay. To keep the counts, disable the limit instead."
    )


@receiver(deletion_asked, sender=Group)
@receiver(deletion_asked, sender=User)
@receiver(deletion_asked, sender=ApiKey)
@receiver(deletion_asked, sender=Connection)
def tell_of_limits(sender: Any, *, rows: list[Any], **kwargs: Any) -> list[str]:
    """The limits that are deleted together with what they are for."""
    limits = Limit.objects.filter(_is_for(sender, rows)).distinct()[:MOST_TOLD]
    return [
        f"The limit {limit} ({limit_in_words(limit)}) is deleted, too, with what it has counted."
        for limit in limits
    ]


def _is_for(sender: Any, rows: list[Any]) -> Q:
    if sender is Group:
        return Q(group__in=rows)
    if sender is User:
        return Q(user__in=rows) | Q(key__user__in=rows)
    if sender is ApiKey:
        return Q(key__in=rows)
    return Q(connection__in=rows) | Q(connection_key__connection__in=rows)
