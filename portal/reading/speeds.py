"""How fast models answer, by what everybody measured in the last days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.db.models import Sum

from usage.histograms import FIRST_BYTE_COUNTERS, LATENCY_COUNTERS, percentile
from usage.models import UsageHour

SPAN = timedelta(days=7)
KEPT_SECONDS = 300
CACHE_KEY = "portal:speeds"
MEDIAN = 50

Speeds = dict[str, int]


def speeds() -> Speeds:
    """The median wait for the first byte of a stream, in milliseconds, by model; for a model
    without streams, for the whole response. One query, or none: the figures are kept for 5 minutes.

    They are of all people together, and tell nothing of any of them.
    """
    known: Speeds | None = cache.get(CACHE_KEY)
    if known is None:
        known = _measured(datetime.now(UTC) - SPAN)
        cache.set(CACHE_KEY, known, KEPT_SECONDS)
    return known


def _measured(since: datetime) -> Speeds:
    counters = (*FIRST_BYTE_COUNTERS, *LATENCY_COUNTERS)
    rows = (
        UsageHour.objects.filter(hour__gte=since)
        .order_by()
        .values_list("model")
        .annotate(**{f"sum_{name}": Sum(name) for name in counters})
    )
    found: Speeds = {}
    for model, *sums in rows:
        first_bytes = sums[: len(FIRST_BYTE_COUNTERS)]
        waits = first_bytes if any(first_bytes) else sums[len(FIRST_BYTE_COUNTERS) :]
        median = percentile(waits, MEDIAN)
        if median is not None:
            found[model] = median
    return found
