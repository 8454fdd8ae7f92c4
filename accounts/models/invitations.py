"""Links with which new people find their way in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from accounts.models.users import User

LIFETIME = timedelta(days=7)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> InvitationQuerySet:
        """Not opened yet, not expired, and of an active user."""
        return self.filter(
            opened_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True
        )


class Invitation(models.Model):
    """A link, sent to ``email``, that opens once and lets ``user`` choose a way to sign in.

    Only the keyed digest of its token is stored. The user is there from the beginning, with groups
    and keys; the link adds the way in. ``made_by`` is None for one made by a command.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Only superusers give groups. `db_default`: the version before may still write rows.
    gives_groups = models.BooleanField(default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[Any] = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"the invitation of {self.user}"
