"""Routes: which targets serve a public id."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from connections.models import Connection
from resilience.models.policies import ResiliencePolicy
from resilience.route import Strategy
from resilience.validators import validate_called_model, validate_upstream_model

STRATEGIES = (
    (Strategy.FIRST.value, "in the order given"),
    (Strategy.WEIGHTED.value, "in turn, by weight"),
    (Strategy.LEAST_BUSY.value, "the least busy"),
    (Strategy.LATENCY.value, "the fastest"),
    (Strategy.COST.value, "the cheapest"),
    (Strategy.AFFINITY.value, "the one that knows the conversation"),
)
DELETED = "a deleted connection"


class Route(models.Model):
    """How calls of one public id reach a target."""

    model = models.CharField(
        "public id",
        max_length=200,
        unique=True,
        validators=[validate_called_model],
        help_text="Clients call it, and grants name it. Only the targets below serve it; without "
        "targets, every connection that offers it, by priority.",
    )
    strategy = models.CharField(
        max_length=20,
        choices=STRATEGIES,
        default=Strategy.FIRST.value,
        help_text="Which of the targets of one tier is asked first.",
    )
    context_fallback = models.CharField(
        max_length=200,
        blank=True,
        validators=[validate_called_model],
        help_text="The public id of a model with a larger context, for requests that are too long.",
    )
    content_fallback = models.CharField(
        max_length=200,
        blank=True,
        validators=[validate_called_model],
        help_text="The public id of a model for requests that a provider's content filter stops.",
    )
    policy = models.ForeignKey(
        ResiliencePolicy,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="routes",
        help_text="Empty: the default policy.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ("model",)
        constraints = (
            models.CheckConstraint(condition=~Q(model=""), name="resilience_route_has_a_model"),
            models.CheckConstraint(
                condition=Q(strategy__in=[value for value, _ in STRATEGIES]),
                name="resilience_strategy_known",
            ),
        )

    def __str__(self) -> str:
        return self.model

    def clean(self) -> None:
        name, slash, _ = self.model.partition("/")
        if slash and Connection.objects.filter(name=name).exists():
            raise ValidationError(
                {"model": f"An id that begins with {name}/ calls that connection's own models."}
            )
        for field in ("context_fallback", "content_fallback"):
            if getattr(self, field) and getattr(self, field) == self.model:
                raise ValidationError({field: "A route cannot be its own fallback."})


class RouteTarget(models.Model):
    """One model of one connection, as a target of a route.

    The row stays when its connection is deleted: a route that lost its last target that way would
    be served by every connection that offers its id.
    """

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="targets")
    connection = models.ForeignKey(
        Connection, on_delete=models.SET_NULL, null=True, related_name="route_targets"
    )
    model = models.CharField(
        "upstream model",
        max_length=300,
        validators=[validate_upstream_model],
        help_text="The upstream's own name of the model, without a prefix.",
    )
    tier = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="Lower tiers are asked first."
    )
    weight = models.PositiveSmallIntegerField(
        default=1,
        help_text="Its share within the tier. 0: only where no other target of the tier can be "
        "used.",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="The order within the tier, lower first."
    )

    class Meta:
        ordering = ("tier", "position", "pk")
        verbose_name = "target"
        constraints = (
            models.CheckConstraint(condition=~Q(model=""), name="resilience_target_has_a_model"),
            models.UniqueConstraint(
                fields=("route", "connection", "model"),
                name="resilience_target_once_per_route",
                violation_error_message="The route has this target already.",
            ),
        )

    def __str__(self) -> str:
        name = self.connection.name if self.connection is not None else DELETED
        return f"{name}/{self.model}"
