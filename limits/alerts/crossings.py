"""Which thresholds a period has passed, noted in the transaction that adds to the period."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from django.utils import timezone

from limits.choices import Metric
from limits.marks import Mark
from limits.models import Limit, LimitAlert
from limits.quantities import Quantities, units
from limits.rule import amount_in_force, raises_of

LOOK_SECONDS = 60.0  # how old the amount and the raises of a limit may be here
MOST_KNOWN = 100_000


class Crossings:
    """Remembers how far each period is from its next threshold, so that a flush that brings none
    nearer than that asks the database for nothing. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._quiet: dict[Mark, tuple[int, Metric, float]] = {}  # below which, and until when

    def note(self, totals: Mapping[Mark, Quantities]) -> None:
        """Add an alert for each threshold that a period has passed and had not before.

        ``totals`` are what the periods hold in the transaction at hand. Blocks on the database.
        """
        due = [mark for mark, used in totals.items() if not self._is_quiet(mark, used)]
        if not due:
            return
        ids = {mark.limit_id for mark in due}
        limits = Limit.objects.filter(is_enabled=True).prefetch_related("changes").in_bulk(ids)
        if len(self._quiet) > MOST_KNOWN:
            self._quiet.clear()
        alerts: list[LimitAlert] = []
        for mark in due:
            if limit := limits.get(mark.limit_id):
                metric = Metric(limit.metric)
                used, amount = totals[mark].of(metric), amount_now(limit, mark.share)
                alerts += passed(limit, mark, used, amount)
                following = _next(limit.thresholds, used, amount)
                self._quiet[mark] = following, metric, self._clock() + LOOK_SECONDS
        # A threshold that was passed long ago is noted again here and there: it has its row.
        LimitAlert.objects.bulk_create(alerts, ignore_conflicts=True)

    def _is_quiet(self, mark: Mark, used: Quantities) -> bool:
        known = self._quiet.get(mark)
        if known is None:
            return False
        below, metric, ends_at = known
        return used.of(metric) < below and self._clock() < ends_at


def passed(limit: Limit, mark: Mark, used: int, amount: int) -> Iterator[LimitAlert]:
    """An alert for each threshold that has been passed, unsaved.

    A limit of nothing has none: whatever it counts would be over it.
    """
    for threshold in limit.thresholds if amount > 0 else ():
        if used * 100 >= amount * threshold:
            yield LimitAlert(limit=limit, share=mark.share, start=mark.start, threshold=threshold)


def amount_now(limit: Limit, share: str) -> int:
    """What ``share`` may use now, in the units of meters, raises included."""
    usual = units(Metric(limit.metric), limit.amount)
    return amount_in_force(usual, raises_of(limit), share, timezone.now().timestamp())


def _next(thresholds: Sequence[int], used: int, amount: int) -> int:
    """How much has to be used for the next threshold to be passed."""
    left = [-(-amount * each // 100) for each in thresholds if used * 100 < amount * each]
    return min(left, default=2**63)


crossings = Crossings()
