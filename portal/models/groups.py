"""People who look after a group, and whom they have invited into it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone


class GroupManager(models.Model):
    """Lets a person look after the members of one group. They need not be a member."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="managers")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="managed_groups"
    )

    class Meta:
        ordering = ("group__name", "user__username")
        constraints = (
            models.UniqueConstraint(fields=("group", "user"), name="portal_manager_once"),
        )

    def __str__(self) -> str:
        return f"{self.user} manages {self.group}"


class GroupInvitation(models.Model):
    """Waits for the person with this mail address, who becomes a member by accepting it.

    It exists whether or not a user has the address: a manager does not learn that.
    """

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="portal_invitations")
    email = models.CharField(max_length=254)  # folded
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(fields=("group", "email"), name="portal_invitation_once"),
        )
        indexes = (models.Index(fields=("email",), name="portal_invitation_email"),)

    def __str__(self) -> str:
        return f"{self.email} into {self.group}"
