"""Changes to limits reach every worker."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts import changes
from limits.models import Limit, LimitChange


@receiver([post_save, post_delete], sender=Limit)
@receiver([post_save, post_delete], sender=LimitChange)
def announce_change(sender: Any, **kwargs: Any) -> None:
    changes.announce()
