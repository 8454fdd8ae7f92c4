"""Policies: how far the gateway goes for one request."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q

from resilience.hedging import SHORTEST_SECONDS
from resilience.policy import DEFAULT, MOST_ATTEMPTS, Ambiguous, Policy
from resilience.validators import validate_printable

LONGEST_DEADLINE_SECONDS = 3600.0
LONGEST_PATIENCE_SECONDS = 600.0
POLICY_FIELDS = tuple(each.name for each in fields(Policy))

AMBIGUOUS = (
    (Ambiguous.NEVER.value, "never"),
    (Ambiguous.UNBILLED.value, "where the connection costs nothing"),
    (Ambiguous.ALWAYS.value, "always, even if it is billed twice"),
)


class ResiliencePolicy(models.Model):
    """Limits that routes share by its name."""

    name = models.CharField(max_length=250, unique=True, validators=[validate_printable])
    is_default = models.BooleanField(
        "default",
        default=False,
        help_text="Holds for all models whose route names no policy. There is one at most; without "
        "one, the values of a new policy hold.",
    )
    max_attempts = models.PositiveSmallIntegerField(
        "attempts at most",
        default=DEFAULT.max_attempts,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_ATTEMPTS)],
        help_text=f"Of one request in all, the first too: 1 to {MOST_ATTEMPTS}.",
    )
    deadline_seconds = models.FloatField(
        "deadline (s)",
        default=DEFAULT.deadline_seconds,
        validators=[MinValueValidator(1.0), MaxValueValidator(LONGEST_DEADLINE_SECONDS)],
        help_text="From a request's acceptance to the first content of its response, all attempts "
        "included.",
    )
    first_content_timeout_seconds = models.FloatField(
        "first content (s)",
        null=True,
        blank=True,
        validators=[MinValueValidator(0.1), MaxValueValidator(LONGEST_DEADLINE_SECONDS)],
        help_text="How long one attempt may take to bring content. Empty: as long as the "
        "connection allows.",
    )
    patience_seconds = models.FloatField(
        "patience (s)",
        default=DEFAULT.patience_seconds,
        validators=[MinValueValidator(0.0), MaxValueValidator(LONGEST_PATIENCE_SECONDS)],
        help_text="The longest wait for a target that says when to come back.",
    )
    ambiguous = models.CharField(
        "after failures that may be billed",
        max_length=10,
        choices=AMBIGUOUS,
        default=DEFAULT.ambiguous.value,
        help_text="Whether a request is sent again after a failure that may have generated "
        "something: a status of 500, 502 or 504, silence, or a reset.",
    )
    retry_budget_percent = models.PositiveSmallIntegerField(
        "retry budget (%)",
        default=DEFAULT.retry_budget_percent,
        validators=[MaxValueValidator(100)],
        help_text="Attempts beyond the first that a connection gets for each hundred first ones.",
    )
    hedges = models.BooleanField(
        "hedging",
        default=DEFAULT.hedges,
        help_text="Ask a second target while the first is silent. Both may be billed.",
    )
    hedge_after_seconds = models.FloatField(
        "hedge after (s)",
        default=DEFAULT.hedge_after_seconds,
        validators=[
            MinValueValidator(SHORTEST_SECONDS),
            MaxValueValidator(LONGEST_DEADLINE_SECONDS),
        ],
        help_text="How long the first target may be silent at least.",
    )

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "resilience policies"
        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="resilience_policy_has_a_name"),
            models.CheckConstraint(
                condition=Q(max_attempts__gte=1, max_attempts__lte=MOST_ATTEMPTS),
                name="resilience_attempts_in_range",
            ),
            models.CheckConstraint(
                condition=Q(ambiguous__in=[value for value, _ in AMBIGUOUS]),
                name="resilience_ambiguous_known",
            ),
            models.UniqueConstraint(
                "is_default",
                condition=Q(is_default=True),
                name="resilience_one_default_policy",
                violation_error_message="Another policy is the default.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @transaction.atomic
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; the policy that was the default before is it no longer if this one is."""
        if self.is_default:
            others = type(self).objects.exclude(pk=self.pk)
            others.filter(is_default=True).update(is_default=False)
        super().save(*args, **kwargs)

    def take(self, policy: Policy) -> None:
        """Hold the values of ``policy`` from now on."""
        for name in POLICY_FIELDS:
            setattr(self, name, getattr(policy, name))
        self.ambiguous = policy.ambiguous.value

    def policy(self) -> Policy:
        """The row as the request path sees it."""
        values = {name: getattr(self, name) for name in POLICY_FIELDS}
        return Policy(**values | {"ambiguous": Ambiguous(self.ambiguous)})
