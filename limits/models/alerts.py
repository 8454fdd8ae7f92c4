"""Alerts that a limit is nearly used up, each made once."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from limits.models.limits import Limit


class LimitAlert(models.Model):
    """A period of a limit passed ``threshold`` per cent. Whoever makes the row sends the alert."""

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="alerts")
    share = models.CharField(max_length=40, blank=True, default="")
    start = models.BigIntegerField()
    threshold = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Until one is set the alert is to be sent that way, by whoever leases it until `leased_until`.
    mailed_at = models.DateTimeField(null=True, editable=False)
    posted_at = models.DateTimeField(null=True, editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = "alert"
        constraints = (
            models.UniqueConstraint(
                fields=("limit", "share", "start", "threshold"), name="limits_alert_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.limit} at {self.threshold} %"
