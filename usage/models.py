"""Usage: a row for each accepted request, totals by day, and prices."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from usage.exchange import Surface
from usage.row_indexes import ROW_INDEXES
from usage.totals import UsageDay, UsageHour

__all__ = [
    "Price",
    "PriceQuerySet",
    "PriceSource",
    "TokensFrom",
    "UsageDay",
    "UsageHour",
    "UsageRow",
]


class TokensFrom(models.TextChoices):
    """Where the counts of a row come from."""

    UPSTREAM = "upstream"
    ESTIMATED = "estimated"
    NONE = "none"


class PriceSource(models.TextChoices):
    ADMIN = "admin", "set here"
    BUNDLED = "bundled", "bundled list"
    ESTIMATE = "estimate", "bundled list, as an estimate"


class PriceQuerySet(models.QuerySet["Price"]):
    def overrides(self) -> PriceQuerySet:
        """Set by an administrator."""
        return self.filter(source=PriceSource.ADMIN)


class Price(models.Model):
    """The price of a model, in US dollars. Never changed: a new price is a new row.

    The bundled list leaves a row here for each of its prices that was used, so that a cost can be
    explained after the list has changed. ``model`` is a pattern for a price that was set here, and
    an id for a bundled one.
    """

    RATES = (
        "input_per_million",
        "cached_per_million",
        "cache_write_per_million",
        "output_per_million",
        "audio_input_per_million",
        "audio_output_per_million",
        "per_audio_minute",
        "per_million_characters",
        "per_request",
    )

    source = models.CharField(
        max_length=8, choices=PriceSource, default=PriceSource.ADMIN, editable=False
    )
    version = models.CharField("version of the list", max_length=20, blank=True, editable=False)
    connection = models.CharField(
        max_length=100, blank=True, help_text="The name of a connection; empty for every one."
    )
    model = models.CharField(
        max_length=256,
        help_text="A model id, as clients or as the upstream name it; * stands for any characters.",
    )
    service_tier = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="As the upstream's answers name it, such as flex or priority; empty for every "
        "tier.",
    )
    above_tokens = models.PositiveIntegerField(
        default=0, editable=False, help_text="For requests whose input has more tokens than this."
    )
    input_per_million = models.DecimalField(
        "input", max_digits=14, decimal_places=6, null=True, blank=True, help_text="$ / 1M tokens"
    )
    cached_per_million = models.DecimalField(
        "cached input",
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="$ / 1M tokens; empty: as other input",
    )
    cache_write_per_million = models.DecimalField(
        "cache writes",
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="$ / 1M tokens; empty: as other input",
    )
    output_per_million = models.DecimalField(
        "output", max_digits=14, decimal_places=6, null=True, blank=True, help_text="$ / 1M tokens"
    )
    audio_input_per_million = models.DecimalField(
        "audio input",
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="$ / 1M tokens of sound; empty: as other input",
    )
    audio_output_per_million = models.DecimalField(
        "audio output",
        max_digits=14,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="$ / 1M tokens of sound; empty: as other output",
    )
    per_audio_minute = models.DecimalField(
        "audio", max_digits=14, decimal_places=6, null=True, blank=True, help_text="$ / minute"
    )
    per_million_characters = models.DecimalField(
        "speech", max_digits=14, decimal_places=6, null=True, blank=True, help_text="$ / 1M letters"
    )
    per_request = models.DecimalField(
        "request", max_digits=14, decimal_places=6, null=True, blank=True, help_text="$ each"
    )
    valid_from = models.DateTimeField(
        default=timezone.now, help_text="Requests from then on have this price."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PriceQuerySet.as_manager()

    class Meta:
        ordering = ("-valid_from", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(source__in=PriceSource.values), name="usage_price_source"
            ),
        )

    def __str__(self) -> str:
        source = f"list {self.version}" if self.version else "set here"
        if self.source == PriceSource.ESTIMATE:
            source = f"{source}, an estimate"
        above = f" above {self.above_tokens:,} tokens" if self.above_tokens else ""
        tier = f" {self.service_tier}" if self.service_tier else ""
        return f"{self.model}{tier}{above} ({source})"


class UsageRow(models.Model):
    """One accepted request. Made by the flusher alone, never changed.

    It names its user, key and connection by value: it stays when they go. ``status`` is 499 for a
    client that left before it was answered. ``service_tier`` is the one that the upstream's answer
    named, empty where it named none. ``cost`` is in US dollars and NULL where unknown.
    """

    request_id = models.CharField(max_length=40, primary_key=True)
    accepted_at = models.DateTimeField(db_index=True)
    user_id = models.BigIntegerField()
    username = models.CharField("user", max_length=150)
    key_id = models.UUIDField("key id")
    key_hint = models.CharField("key", max_length=20)
    model = models.CharField(max_length=256)
    upstream_model = models.CharField(max_length=256)
    connection = models.CharField(max_length=100)
    endpoint = models.CharField(max_length=60)
    surface = models.CharField(max_length=12, choices=[(one.value, one.value) for one in Surface])
    is_streamed = models.BooleanField("streamed")
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField()
    is_client_gone = models.BooleanField("client gone")
    prompt_tokens = models.PositiveBigIntegerField(null=True)
    cached_tokens = models.PositiveBigIntegerField(null=True)
    cache_write_tokens = models.PositiveBigIntegerField(null=True)
    completion_tokens = models.PositiveBigIntegerField(null=True)
    reasoning_tokens = models.PositiveBigIntegerField(null=True)
    audio_prompt_tokens = models.PositiveBigIntegerField(null=True)
    audio_completion_tokens = models.PositiveBigIntegerField(null=True)
    tokens_from = models.CharField(max_length=9, choices=TokensFrom)
    audio_seconds = models.FloatField(null=True)
    characters = models.PositiveBigIntegerField(null=True)
    images = models.PositiveIntegerField("images asked for", null=True)
    first_byte_ms = models.PositiveIntegerField("first byte (ms)", null=True)
    duration_ms = models.PositiveIntegerField("duration (ms)")
    overhead_us = models.PositiveIntegerField("our share of the first byte (µs)", null=True)
    chunks = models.PositiveIntegerField()
    bytes_received = models.PositiveBigIntegerField()
    bytes_sent = models.PositiveBigIntegerField()
    client_request_id = models.CharField(max_length=100)
    upstream_request_id = models.CharField(max_length=200)
    service_tier = models.CharField(max_length=32, default="", db_default="")
    # NULL where the first attempt succeeded, and in the rows of older versions.
    attempt_log = models.JSONField("attempts, one by one", null=True)
    # NULL where no limit of the calendar matched, and in the rows of older versions.
    limit_marks = models.JSONField("periods of limits", null=True)
    limit_requests = models.PositiveIntegerField("requests of limits", default=1, db_default=1)
    cost = models.DecimalField("cost ($)", max_digits=20, decimal_places=10, null=True)
    price = models.ForeignKey(Price, on_delete=models.PROTECT, null=True, related_name="+")
    # NULL until it is, as for the rows of older versions.
    is_in_hours = models.BooleanField("counted by hour", null=True, editable=False)

    class Meta:
        verbose_name = "usage record"
        verbose_name_plural = "requests"
        ordering = ("-request_id",)  # request ids begin with the time
        indexes = ROW_INDEXES

    def __str__(self) -> str:
        return self.request_id

    @property
    def is_cost_estimated(self) -> bool:
        """Whether the price is the list's for another host, or for another service tier."""
        return self.price is not None and self.price.source == PriceSource.ESTIMATE
