"""Changes to grants and registered models reach every worker."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts import changes
from models_registry.models import ModelGrant, RegisteredModel


@receiver([post_save, post_delete], sender=ModelGrant)
@receiver([post_save, post_delete], sender=RegisteredModel)
def announce_change(sender: Any, **kwargs: Any) -> None:
    changes.announce()
