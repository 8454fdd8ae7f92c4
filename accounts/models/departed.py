"""Who deleted users were, and whose deleted keys: usage records outlive both."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone


class DepartedQuerySet(models.QuerySet["Departed"]):
    def users(self) -> DepartedQuerySet:
        return self.filter(key_id=None)

    def keys(self) -> DepartedQuerySet:
        return self.exclude(key_id=None)

    def before(self, moment: datetime) -> DepartedQuerySet:
        """Deleted before ``moment``."""
        return self.filter(left_at__lt=moment)


class Departed(models.Model):
    """A deleted user, or a deleted key of a user where there is a ``key_id``, as they were called.

    Kept for as long as single usage records refer to the user.
    """

    user_id = models.BigIntegerField(db_index=True)
    username = models.CharField(max_length=150)
    full_name = models.CharField(max_length=301, blank=True)
    email = models.CharField(max_length=254, blank=True)
    key_id = models.UUIDField(null=True, blank=True)
    key_hint = models.CharField(max_length=20, blank=True)
    key_name = models.CharField(max_length=100, blank=True)
    left_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[Any] = DepartedQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(key_id__isnull=True, key_hint="") | Q(key_id__isnull=False),
                name="accounts_departed_user_or_key",
            ),
        )

    def __str__(self) -> str:
        return self.key_hint or self.username
