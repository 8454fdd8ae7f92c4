"""What was last heard of a connection, by any worker and by any verification."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from connections.choices import CLOSER_CAUSES, Cause
from connections.models.connection import Connection

LONGEST_PROBLEM = 500


class ConnectionHealth(models.Model):
    """A table of its own: workers hold connections in memory, and none has to read them again.

    ``failing_since`` is when the first of an unbroken series of failures was noticed, None while
    the connection works. ``model_count`` is of the last list that the upstream gave, and
    ``listed_at`` when it gave it; a verification without a list leaves both. ``inspected_at`` is
    when a worker last verified the connection because it fails.
    """

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="health"
    )
    checked_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    cause = models.CharField(max_length=20, choices=Cause, blank=True)
    problem = models.CharField(max_length=LONGEST_PROBLEM, blank=True)
    listed_at = models.DateTimeField(null=True)
    model_count = models.PositiveIntegerField(default=0)
    inspected_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(failing_since__isnull=True, cause="")
                | Q(failing_since__isnull=False, cause__in=Cause.values),
                name="connections_health_failure_has_a_cause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.connection_id}: {self.cause or 'works'}"

    def knows_closer_than(self, cause: str) -> bool:
        """Whether the cause that is kept says the same as ``cause``, only more closely."""
        return self.cause in CLOSER_CAUSES.get(cause, ())
