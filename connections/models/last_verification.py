"""What the last verification of a connection found."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from connections.choices import Outcome
from connections.models.connection import Connection


class LastVerification(models.Model):
    """A table of its own: workers hold connections in memory, and none has to read them again."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="last_verification"
    )
    outcome = models.CharField(max_length=20, choices=Outcome)
    failed_step = models.CharField(max_length=20, blank=True)
    started_at = models.DateTimeField()
    steps = models.JSONField(
        default=list,
        db_default=[],  # for the version before, which may still be running
        help_text="As Step.as_json writes them, with texts that are safe to show.",
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="connections_outcome_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.outcome}"
