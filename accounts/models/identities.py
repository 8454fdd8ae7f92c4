"""Who users are to the providers that vouch for them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models.users import User


class Identity(models.Model):
    """Who a user is to an OIDC issuer, which never gives a subject to somebody else."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "identities"
        constraints = (
            models.UniqueConstraint("issuer", "subject", name="accounts_identity_unique"),
        )

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"
