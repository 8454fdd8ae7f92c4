"""What requests came to, by hour and, where their rows were pruned, by day."""

from __future__ import annotations

from django.db import models

from usage.histograms import FIRST_BYTE_COUNTERS, LATENCY_COUNTERS

PLACES = ("user_id", "username", "key_id", "key_hint", "model", "connection")


class UsageHour(models.Model):
    """The totals of an hour of ``GATEWAY_TIME_ZONE``, which begins at ``hour``.

    Added to in the transaction that stores the rows. ``latency_N`` counts the requests that did not
    fail, by how long they took; ``first_byte_N`` those of them that were streamed, by the wait for
    the first byte: :mod:`usage.histograms` has the bounds.
    """

    hour = models.DateTimeField()
    user_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    key_id = models.UUIDField()
    key_hint = models.CharField(max_length=20)
    model = models.CharField(max_length=256)
    connection = models.CharField(max_length=100)
    requests = models.PositiveBigIntegerField(default=0, db_default=0)
    failed = models.PositiveBigIntegerField(default=0, db_default=0)
    client_gone = models.PositiveBigIntegerField(default=0, db_default=0)
    # Of both: the client left before it was answered.
    left_unanswered = models.PositiveBigIntegerField(default=0, db_default=0)
    prompt_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    cached_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    cache_write_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    completion_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    audio_prompt_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    audio_completion_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    audio_seconds = models.FloatField(default=0, db_default=0)
    images = models.PositiveBigIntegerField(default=0, db_default=0)
    duration_ms = models.PositiveBigIntegerField(default=0, db_default=0)
    unpriced = models.PositiveBigIntegerField(default=0, db_default=0)
    estimated = models.PositiveBigIntegerField(default=0, db_default=0)
    cost = models.DecimalField(max_digits=30, decimal_places=10, default=0, db_default=0)

    class Meta:
        verbose_name = "usage of an hour"
        constraints = (
            models.UniqueConstraint(
                fields=("user_id", "hour", "username", "key_id", "key_hint", "model", "connection"),
                name="usage_hour_once",
            ),
        )
        indexes = (models.Index(fields=("hour",), name="usage_hour_hour"),)

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:%M} {self.username} {self.model}"


for name in (*LATENCY_COUNTERS, *FIRST_BYTE_COUNTERS):
    UsageHour.add_to_class(name, models.PositiveIntegerField(default=0, db_default=0))


class UsageDay(models.Model):
    """The totals of the hours of rows that were pruned. A request is in an hour or in a day."""

    day = models.DateField()
    user_id = models.BigIntegerField()
    username = models.CharField(max_length=150)
    key_id = models.UUIDField()
    key_hint = models.CharField(max_length=20)
    model = models.CharField(max_length=256)
    connection = models.CharField(max_length=100)
    requests = models.PositiveBigIntegerField()
    failed = models.PositiveBigIntegerField()
    client_gone = models.PositiveBigIntegerField(default=0, db_default=0)
    # Zero in days that an older version made: their rows are gone, so nothing can tell it.
    left_unanswered = models.PositiveBigIntegerField(default=0, db_default=0)
    prompt_tokens = models.PositiveBigIntegerField()
    cached_tokens = models.PositiveBigIntegerField()
    # `db_default`, here and below: the version before may still write rows during an upgrade.
    cache_write_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    completion_tokens = models.PositiveBigIntegerField()
    reasoning_tokens = models.PositiveBigIntegerField()
    audio_prompt_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    audio_completion_tokens = models.PositiveBigIntegerField(default=0, db_default=0)
    audio_seconds = models.FloatField()
    images = models.PositiveBigIntegerField(default=0, db_default=0)
    duration_ms = models.PositiveBigIntegerField()
    unpriced = models.PositiveBigIntegerField()
    estimated = models.PositiveBigIntegerField(default=0, db_default=0)
    cost = models.DecimalField(max_digits=30, decimal_places=10)  # the sum of any number of rows

    class Meta:
        verbose_name = "usage of a day"
        constraints = (
            models.UniqueConstraint(
                fields=("day", "user_id", "username", "key_id", "key_hint", "model", "connection"),
                name="usage_day_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {self.username} {self.model}"
