"""What was used of each limit of the calendar, by its periods: the sum of the ledger's records."""

from __future__ import annotations

from django.db import models

from limits.models.limits import Limit
from limits.quantities import Quantities


class Period(models.Model):
    """``start`` is in seconds since the epoch. ``records`` are the requests that were added up; it
    only grows. ``filled`` is the part that was there before the limit: what requests without its
    mark used, in the order of ``Quantities``; NULL without any.

    Written in the transaction that stores the requests, so that each is counted once.
    """

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="periods")
    share = models.CharField(max_length=40, blank=True, default="")
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    records = models.PositiveBigIntegerField(default=0)
    requests = models.PositiveBigIntegerField(default=0)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    nanodollars = models.PositiveBigIntegerField(default=0)
    audio_ms = models.PositiveBigIntegerField(default=0)
    images = models.PositiveBigIntegerField(default=0)
    filled = models.JSONField(null=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("limit", "share", "start"), name="limits_period_once"),
        )
        indexes = (models.Index(fields=("end",), name="limits_period_end"),)

    def __str__(self) -> str:
        return f"{self.limit_id}:{self.share}:{self.start}"

    @property
    def quantities(self) -> Quantities:
        return Quantities(*(getattr(self, name) for name in Quantities._fields))
