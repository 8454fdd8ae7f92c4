"""Limits of the calendar that are nearly used up, for an overview: one query."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db.models import (
    Case,
    Count,
    DecimalField,
    Exists,
    F,
    FloatField,
    Max,
    OuterRef,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.utils import timezone

from limits.choices import Metric
from limits.models import LimitChange, Period
from limits.quantities import MILLISECONDS, NANO
from limits.reading.usage_now import used_column

NEARLY = 0.9
MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NearlyUsed:
    """``shares`` are how many of the limit are nearly used, ``per_cent`` is of the fullest."""

    limit_id: int
    label: str
    shares: int
    per_cent: int


def nearly_used() -> list[NearlyUsed]:
    """The fullest few, as the records of requests have it, some seconds late.

    A limit that is raised now is left out: how full it is depends on who the raise is for.
    """
    raised = LimitChange.objects.filter(limit=OuterRef("limit"), until__gt=timezone.now())
    now = int(time.time())
    used = Cast(used_column(), FloatField())
    found = (
        Period.objects.filter(start__lte=now, end__gt=now, limit__is_enabled=True)
        .filter(~Exists(raised), limit__amount__gt=0)
        .annotate(part=used / Cast(F("limit__amount") * _unit(), FloatField()))
        .filter(part__gte=NEARLY)
        .order_by()
        .values("limit_id", "limit__label")
        .annotate(shares=Count("pk"), fullest=Max("part"))
        .order_by("-fullest", "limit__label")
    )
    return [
        NearlyUsed(limit_id=pk, label=label, shares=shares, per_cent=int(fullest * 100))
        for pk, label, shares, fullest in found.values_list(
            "limit_id", "limit__label", "shares", "fullest"
        )[:MOST]
    ]


def _unit() -> Case:
    """How many of a meter's units an administrator's one is."""
    return Case(
        When(limit__metric=Metric.USD, then=Value(NANO)),
        When(limit__metric=Metric.AUDIO_SECONDS, then=Value(MILLISECONDS)),
        default=Value(1),
        output_field=DecimalField(max_digits=30, decimal_places=9),
    )
