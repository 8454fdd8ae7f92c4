"""Which thresholds a period has passed, noted in the transaction that adds to the period."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils import timezone

from limits.choices import Metric
from limits.models import Limit, LimitAlert, Period
from limits.quantities import units

MOST_KNOWN = 100_000


class Crossings:
    """Remembers what it noted, so that the database is asked once for each threshold."""

    def __init__(self) -> None:
        self._known: set[tuple[int, str, int, int]] = set()

    def note(self, periods: Iterable[Period]) -> None:
        """Add an alert for each threshold that one of ``periods`` has passed and had not before.

        Their ``limit`` must be loaded. Blocks on the database; for the transaction that wrote them.
        """
        new = [alert for period in periods for alert in self._new(period)]
        if not new:
            return
        LimitAlert.objects.bulk_create(new, ignore_conflicts=True)

    def committed(self, periods: Iterable[Period]) -> None:
        """Take note that the transaction of ``periods`` was committed."""
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        for period in periods:
            self._known.update(_place(alert) for alert in passed(period))

    def _new(self, period: Period) -> Iterator[LimitAlert]:
        return (alert for alert in passed(period) if _place(alert) not in self._known)


def passed(period: Period) -> list[LimitAlert]:
    """An alert for each threshold that ``period`` has passed, unsaved.

    A limit of nothing has none: whatever it counts would be over it.
    """
    limit = period.limit
    amount = amount_now(limit, period.share)
    if not limit.is_enabled or amount <= 0:
        return []
    used = period.quantities.of(Metric(limit.metric))
    return [
        LimitAlert(limit=limit, share=period.share, start=period.start, threshold=threshold)
        for threshold in limit.thresholds
        if used * 100 >= amount * threshold
    ]


def amount_now(limit: Limit, share: str) -> int:
    """What ``share`` may use now, in the units of meters, raises included."""
    now = timezone.now()
    amount: Decimal = limit.amount
    for change in limit.changes.all():  # the latest first, prefetched by whoever has many
        if change.until > now and change.share in {"", share}:
            amount = change.amount
            break
    return units(Metric(limit.metric), amount)


def _place(alert: LimitAlert) -> tuple[int, str, int, int]:
    return alert.limit_id, alert.share, alert.start, alert.threshold


crossings = Crossings()
