"""Changes to connections reach every worker."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts import changes
from connections.models import Connection, ConnectionKey, GatewaySettings


@receiver([post_save, post_delete], sender=Connection)
@receiver([post_save, post_delete], sender=ConnectionKey)
@receiver([post_save, post_delete], sender=GatewaySettings)
def announce_change(sender: Any, **kwargs: Any) -> None:
    changes.announce()
