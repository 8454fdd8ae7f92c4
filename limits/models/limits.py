"""Limits as admins write them, and their raises."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import ApiKey
from connections.models import Connection, ConnectionKey
from connections.rules.validators import validate_string_list
from limits.choices import Metric, Mode, OnOutage, Share, SubjectKind, Unpriced, Window
from limits.validators import validate_label, validate_thresholds, validate_zone

SUBJECTS = (
    (SubjectKind.EVERYONE.value, "everyone"),
    (SubjectKind.GROUP.value, "a group"),
    (SubjectKind.USER.value, "a user"),
    (SubjectKind.KEY.value, "an API key"),
    (SubjectKind.CONNECTION.value, "a connection"),
    (SubjectKind.CONNECTION_KEY.value, "a key of a connection"),
)
SHARES = (
    (Share.POOL.value, "together"),
    (Share.EACH_USER.value, "each user"),
    (Share.EACH_KEY.value, "each key"),
)
METRICS = (
    (Metric.REQUESTS.value, "requests"),
    (Metric.TOKENS.value, "tokens"),
    (Metric.INPUT_TOKENS.value, "input tokens"),
    (Metric.OUTPUT_TOKENS.value, "output tokens"),
    (Metric.CONCURRENCY.value, "requests at once"),
    (Metric.USD.value, "US dollars"),
    (Metric.AUDIO_SECONDS.value, "seconds of audio"),
    (Metric.IMAGES.value, "images"),
)
WINDOWS = (
    (Window.NONE.value, "at once"),
    (Window.MINUTE.value, "a minute"),
    (Window.HOUR.value, "an hour"),
    (Window.DAY.value, "a day"),
    (Window.WEEK.value, "a week"),
    (Window.MONTH.value, "a month"),
    (Window.TOTAL.value, "in total"),
)
MODES = (
    (Mode.ENFORCE.value, "refuse what is over"),
    (Mode.WARN.value, "warn"),
    (Mode.SHADOW.value, "only count"),
)
OUTAGES = (
    (OnOutage.DEFAULT.value, "by what is limited"),
    (OnOutage.LOCAL.value, "count in each worker"),
    (OnOutage.CLOSED.value, "refuse"),
    (OnOutage.OPEN.value, "let through"),
)
UNPRICED = (
    (Unpriced.REFUSE.value, "refuse them"),
    (Unpriced.FREE.value, "let them through without a charge"),
    (Unpriced.ASSUME.value, "assume a price"),
)
LONGEST_WAIT_SECONDS = 600.0
SUBJECT_FIELDS = ("group", "user", "key", "connection", "connection_key")


def all_models() -> list[str]:
    return ["*"]


def usual_thresholds() -> list[int]:
    return [50, 80, 95, 100]


def _names_its_subject() -> Q:
    """Exactly the field that ``subject_kind`` says is filled in."""
    condition = Q(
        subject_kind=SubjectKind.EVERYONE.value,
        **{f"{name}__isnull": True for name in SUBJECT_FIELDS},
    )
    for kind in SUBJECT_FIELDS:
        condition |= Q(
            subject_kind=kind,
            **{f"{name}__isnull": name != kind for name in SUBJECT_FIELDS},
        )
    return condition


class Limit(models.Model):
    """How much of something may be used, by whom, in which time.

    A request must pass all limits that match it. ``label`` names the limit in YAML, in commands
    and to the clients that it refuses.
    """

    label = models.CharField(max_length=100, unique=True, validators=[validate_label])
    is_enabled = models.BooleanField("enabled", default=True)
    subject_kind = models.CharField("for", max_length=20, choices=SUBJECTS)
    group = models.ForeignKey(
        Group, on_delete=models.CASCADE, null=True, blank=True, related_name="limits"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="limits",
    )
    key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, null=True, blank=True, related_name="limits"
    )
    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, null=True, blank=True, related_name="limits"
    )
    connection_key = models.ForeignKey(
        ConnectionKey, on_delete=models.CASCADE, null=True, blank=True, related_name="limits"
    )
    share = models.CharField(max_length=10, choices=SHARES, default=Share.POOL.value)
    model_patterns = models.JSONField(
        "models",
        default=all_models,
        validators=[validate_string_list],
        help_text="Ids as clients call them; * stands for any characters, as in gpt-4*.",
    )
    endpoints = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_string_list],
        help_text="Such as chat/completions or audio/*. Empty: all.",
    )
    metric = models.CharField("of", max_length=15, choices=METRICS)
    amount = models.DecimalField(
        max_digits=20, decimal_places=9, validators=[MinValueValidator(Decimal(0))]
    )
    window = models.CharField(max_length=10, choices=WINDOWS, blank=True, default="")
    time_zone = models.CharField(
        max_length=64,
        blank=True,
        default="",
        validators=[validate_zone],
        help_text="Where days, weeks and months begin, such as Europe/Berlin. Empty: the "
        "gateway's own.",
    )
    mode = models.CharField(max_length=10, choices=MODES, default=Mode.ENFORCE.value)
    on_outage = models.CharField(
        "without Redis",
        max_length=10,
        choices=OUTAGES,
        blank=True,
        default="",
        help_text="By what is limited: limits of money that refuse what is over refuse all, unless "
        "they are of a connection or of its key. All others are counted in each worker.",
    )
    unpriced = models.CharField(
        "models without a price",
        max_length=10,
        choices=UNPRICED,
        default=Unpriced.REFUSE.value,
        help_text="For limits of money.",
    )
    assumed_per_million = models.DecimalField(
        "assumed price",
        max_digits=14,
        decimal_places=6,
        default=Decimal(10),
        validators=[MinValueValidator(Decimal(0))],
        help_text="$ / 1M tokens, for models without a price.",
    )
    wait_seconds = models.FloatField(
        "wait (s)",
        default=0.0,
        validators=[MinValueValidator(0.0), MaxValueValidator(LONGEST_WAIT_SECONDS)],
        help_text="How long a request waits in a queue before it is refused. 0: not at all. For "
        "limits of a connection or of its key, the patience of the route’s policy says so.",
    )
    clamps = models.BooleanField(
        "shorten near the limit",
        default=True,
        help_text="Near the limit, requests that name no maximum of output get the one that "
        "still fits. No limit of a connection or of its key does so.",
    )
    thresholds = models.JSONField(
        "alerts at (%)", default=usual_thresholds, blank=True, validators=[validate_thresholds]
    )
    alert_emails = models.JSONField(
        "alerts to",
        default=list,
        blank=True,
        validators=[validate_string_list],
        help_text="Mail addresses, beside those that the gateway's settings name.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("label",)
        constraints = (
            models.CheckConstraint(condition=~Q(label=""), name="limits_limit_has_a_label"),
            models.CheckConstraint(
                condition=_names_its_subject(),
                name="limits_limit_has_one_subject",
                violation_error_message="Name exactly the group, user, key or connection that the "
                "limit is for.",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="limits_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(metric=Metric.CONCURRENCY.value, window=Window.NONE.value)
                | (~Q(metric=Metric.CONCURRENCY.value) & ~Q(window=Window.NONE.value)),
                name="limits_concurrency_has_no_window",
                violation_error_message="A limit of requests at once has no window, every other "
                "has one.",
            ),
        )

    def __str__(self) -> str:
        return self.label


class LimitChange(models.Model):
    """Another amount until a date. ``share`` is the one it is for, empty for all of the limit's."""

    limit = models.ForeignKey(Limit, on_delete=models.CASCADE, related_name="changes")
    share = models.CharField(max_length=40, blank=True, default="")
    amount = models.DecimalField(
        max_digits=20, decimal_places=9, validators=[MinValueValidator(Decimal(0))]
    )
    until = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    made_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = "raise"

    def __str__(self) -> str:
        return f"{self.amount.normalize():f} until {timezone.localtime(self.until):%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.full_clean()
        super().save(*args, **kwargs)
