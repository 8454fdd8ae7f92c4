"""People ask for models, and admins decide."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from models_registry.validators import validate_public_id

LONGEST_REASON = 1000


class RequestState(models.TextChoices):
    OPEN = "open", "Open"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class AccessRequestQuerySet(models.QuerySet["AccessRequest"]):
    def open(self) -> AccessRequestQuerySet:
        return self.filter(state=RequestState.OPEN)


class AccessRequest(models.Model):
    """One person asks for one model, which need not exist: an admin looks."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="access_requests"
    )
    model = models.CharField(max_length=200, validators=[validate_public_id])
    reason = models.TextField(blank=True, max_length=LONGEST_REASON)
    state = models.CharField(max_length=9, choices=RequestState, default=RequestState.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    words = models.TextField(
        "words to the person", blank=True, max_length=LONGEST_REASON, help_text="Shown to them."
    )

    objects = AccessRequestQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=RequestState.values), name="portal_request_state_known"
            ),
            models.UniqueConstraint(
                fields=("asked_by", "model"),
                condition=Q(state="open"),
                name="portal_one_open_request_a_model",
            ),
        )
        indexes = (models.Index(fields=("state", "created_at"), name="portal_request_state"),)

    def __str__(self) -> str:
        return f"{self.model} for {self.asked_by}"
