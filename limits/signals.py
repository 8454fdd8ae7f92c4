"""Changes to limits reach every worker, and what was used before counts."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import receiver

from accounts import changes
from limits.counting.counting_lock import lock_for_counting
from limits.counting.rebuilding import fill
from limits.models import Limit, LimitChange
from limits.models.limits import SUBJECT_FIELDS

# What decides which requests count towards which period.
COUNTED = (
    "is_enabled",
    "subject_kind",
    *(f"{name}_id" for name in SUBJECT_FIELDS),
    "share",
    "model_patterns",
    "endpoints",
    "window",
    "time_zone",
)
TOLD_BEFORE = "_counted_before"


@receiver(pre_save, sender=Limit)
def note_what_counted(sender: Any, instance: Limit, **kwargs: Any) -> None:
    before = Limit.objects.filter(pk=instance.pk).values_list(*COUNTED).first()
    instance.__dict__[TOLD_BEFORE] = before


@receiver(post_save, sender=Limit)
def fill_its_periods(sender: Any, instance: Limit, raw: bool = False, **kwargs: Any) -> None:
    """Before the change is announced: the first worker that asks finds what was used."""
    before = instance.__dict__.pop(TOLD_BEFORE, None)
    if not raw and before != tuple(getattr(instance, name) for name in COUNTED):
        fill(instance)


@receiver(pre_delete, sender=Limit)
def let_no_one_add_to_its_periods(sender: Any, **kwargs: Any) -> None:
    lock_for_counting()


@receiver([post_save, post_delete], sender=Limit)
@receiver([post_save, post_delete], sender=LimitChange)
def announce_change(sender: Any, **kwargs: Any) -> None:
    changes.announce()
