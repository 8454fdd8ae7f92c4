"""Whether limits hold as they are meant."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings

from gateway_project.doctor.finding import Finding, State
from limits.checks import counts_apart, workers
from limits.choices import Metric, Mode, Unpriced
from limits.models import Limit
from usage.journal import adopted, segments
from usage.models import UsageRow

LATEST = 10_000  # records that are looked at for models without a price
MOST_NAMED = 3


def limits_findings() -> Iterator[Finding]:
    limits = Limit.objects.filter(is_enabled=True)
    number = limits.count()
    if not number:
        yield Finding(part="limits", said="there are none")
        return
    running = max(_running_workers(), workers())
    if counts_apart(running):
        yield Finding(
            part="limits",
            said=f"at least {running} workers share no Redis, so each counts for itself",
            state=State.BROKEN,
            remedy="Set REDIS_URL, or serve with one worker.",
        )
    money = limits.filter(metric=Metric.USD, mode=Mode.ENFORCE, unpriced=Unpriced.REFUSE)
    if models := _unpriced_models() if money.exists() else []:
        yield Finding(
            part="limits",
            said=f"models without a price are refused where dollars are limited: "
            f"{', '.join(models[:MOST_NAMED])}",
            state=State.DEGRADED,
            remedy="Enter their prices, or say otherwise in the limit's `unpriced`.",
        )
    where = "in Redis" if settings.REDIS_URL else "in the worker's memory"
    yield Finding(part="limits", said=f"{number}, counted {where}")


def _running_workers() -> int:
    """The processes of this machine that have records waiting in a journal: at least so many."""
    running = 0
    for path in segments(settings.DATA_DIR / "journal"):
        with adopted(path) as is_ours:
            running += not is_ours
    return running


def _unpriced_models() -> list[str]:
    """Models that were used lately and whose cost is not known."""
    latest = UsageRow.objects.order_by("-accepted_at").values_list("model", "cost", "prompt_tokens")
    return sorted({model for model, cost, tokens in latest[:LATEST] if cost is None and tokens})
