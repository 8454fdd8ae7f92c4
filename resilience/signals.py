"""Changes to routes and policies reach every worker."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts import changes
from resilience.models import ResiliencePolicy, Route, RouteTarget


@receiver([post_save, post_delete], sender=ResiliencePolicy)
@receiver([post_save, post_delete], sender=Route)
@receiver([post_save, post_delete], sender=RouteTarget)
def announce_change(sender: Any, **kwargs: Any) -> None:
    changes.announce()
