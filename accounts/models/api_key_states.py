"""The health of keys, and the keys that need a look."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Count, Q
from django.utils import timezone

if TYPE_CHECKING:
    from accounts.models.api_keys import ApiKey

EXPIRES_SOON = timedelta(days=14)
UNUSED = timedelta(days=90)


class KeyState(models.TextChoices):
    """What has become of a key. Nothing brings one back."""

    ACTIVE = "active", "Active"
    EXPIRED = "expired", "Expired"
    REVOKED = "revoked", "Revoked"


class KeyHealth(models.TextChoices):
    """The state of a key, with two kinds of active ones that want a look.

    A key is in one of these; of a key that is unused and about to expire, the end counts.
    """

    ACTIVE = "active", "Active"
    EXPIRING = "expiring", "Expiring"
    UNUSED = "unused", "Unused 90 days"
    REVOKED = "revoked", "Revoked"
    EXPIRED = "expired", "Expired"


def conditions(now: datetime) -> dict[KeyHealth, Q]:
    """Which rows are in which health. ``ACTIVE`` covers those that want a look, too."""
    is_expired = Q(expires_at__isnull=False, expires_at__lte=now)
    is_active = Q(revoked_at__isnull=True) & ~is_expired
    is_expiring = is_active & Q(expires_at__isnull=False, expires_at__lte=now + EXPIRES_SOON)
    before = now - UNUSED
    is_unused = Q(last_used_at__lt=before) | Q(last_used_at__isnull=True, created_at__lt=before)
    return {
        KeyHealth.ACTIVE: is_active,
        KeyHealth.EXPIRING: is_expiring,
        KeyHealth.UNUSED: is_active & is_unused,
        KeyHealth.REVOKED: Q(revoked_at__isnull=False),
        KeyHealth.EXPIRED: Q(revoked_at__isnull=True) & is_expired,
    }


def health_of(key: ApiKey, now: datetime) -> KeyHealth:
    if key.revoked_at is not None:
        return KeyHealth.REVOKED
    if key.expires_at is not None and key.expires_at <= now:
        return KeyHealth.EXPIRED
    if key.expires_at is not None and key.expires_at <= now + EXPIRES_SOON:
        return KeyHealth.EXPIRING
    is_unused = (key.last_used_at or key.created_at) < now - UNUSED
    return KeyHealth.UNUSED if is_unused else KeyHealth.ACTIVE


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> ApiKeyQuerySet:
        """Not revoked, not expired, and of an active user."""
        now = timezone.now()
        return self.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=now),
            revoked_at__isnull=True,
            user__is_active=True,
        )

    def ordinary(self) -> ApiKeyQuerySet:
        """Made by a person, in contrast to those that the playground has its tokens from."""
        return self.filter(is_playground=False)

    def in_health(self, health: KeyHealth) -> ApiKeyQuerySet:
        """As :func:`conditions` has it."""
        return self.filter(conditions(timezone.now())[health])

    def counted_by_health(self) -> dict[KeyHealth, int]:
        """How many there are of each, with one query. Those that want a look are active, too."""
        counts = {
            health.value: Count("pk", filter=condition)
            for health, condition in conditions(timezone.now()).items()
        }
        found = self.order_by().aggregate(**counts)
        return {health: found[health.value] for health in KeyHealth}
