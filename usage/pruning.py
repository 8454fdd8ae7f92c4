"""Old rows and their hours become totals by day, which keep the cost but not the single requests.

::

    rows that no hour counts ──► added to their hours
    each hour: its totals ──► added to its day, removed with the rows of the hour ──► commit
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Collate

from accounts.models import Departed
from usage.companions import companions
from usage.error_texts import forget_error_texts
from usage.filling import BATCH, fill_batch
from usage.hours import HOUR
from usage.models import UsageHour, UsageRow
from usage.periods import local_day, midnight
from usage.totals import PLACES

TOTALS = (
    "requests",
    "failed",
    "client_gone",
    "left_unanswered",
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
    "audio_seconds",
    "images",
    "duration_ms",
    "unpriced",
    "estimated",
    "cost",
)
TEXTS = frozenset({"username", "key_hint", "model", "connection"})
# The same words for PostgreSQL and SQLite. The WHERE is also what keeps SQLite from reading
# ON CONFLICT as the condition of a join. Days have their locks in the order of hours.
ADD_TOTALS = f"""
    INSERT INTO usage_usageday (day, {", ".join(PLACES)}, {", ".join(TOTALS)})
    SELECT %s, {", ".join(PLACES)}, {", ".join(TOTALS)}
    FROM usage_usagehour WHERE {{condition}} ORDER BY {", ".join(PLACES)}
    ON CONFLICT (day, {", ".join(PLACES)}) DO UPDATE SET
    {", ".join(f"{name} = usage_usageday.{name} + excluded.{name}" for name in TOTALS)}
"""  # noqa: S608 - the names are ours
REMOVE_TOTALS = "DELETE FROM usage_usagehour WHERE {condition}"


def prune(older_than: timedelta, *, batch: int = BATCH) -> int:
    """Turn rows of days that ended ``older_than`` ago into totals; how many there were.

    Each hour is a transaction: whoever interrupts it may begin again. Rows that no hour counts are
    added to theirs before, ``batch`` at once.
    """
    before = cutoff(older_than)
    while fill_batch(before=before, most=batch):
        pass
    old = UsageHour.objects.filter(hour__lt=before).order_by("hour")
    pruned = sum(map(_prune_hour, list(old.values_list("hour", flat=True).distinct())))
    pruned += _prune_left_over(before)
    forget_departed(before)
    forget_error_texts()
    companions.prune(before)
    return pruned


def forget_departed(before: datetime) -> None:
    """Forget who deleted users were that have no single records left."""
    records = UsageRow.objects.filter(user_id=OuterRef("user_id"))
    Departed.objects.before(before).filter(~Exists(records)).delete()


def cutoff(older_than: timedelta) -> datetime:
    """Rows from then on stay. Days of ``GATEWAY_TIME_ZONE`` are pruned whole."""
    return midnight(local_day(datetime.now(UTC) - older_than))


@transaction.atomic
def _prune_hour(hour: datetime) -> int:
    ids = list(_locked(hour))
    is_postgres = connection.vendor == "postgresql"
    # SQLite has no arrays, and nobody else who writes meanwhile.
    condition = "id = ANY(%s)" if is_postgres else "hour = %s"
    value: Any = ids if is_postgres else connection.ops.adapt_datetimefield_value(hour)
    with connection.cursor() as cursor:
        cursor.execute(ADD_TOTALS.format(condition=condition), [local_day(hour), value])
        cursor.execute(REMOVE_TOTALS.format(condition=condition), [value])
    return _remove_rows(hour, hour + HOUR)


def _locked(hour: datetime) -> Any:
    """The totals of ``hour``, locked in the order in which flushers lock them."""
    order = [Collate(name, "C") if name in TEXTS else F(name) for name in PLACES]
    totals = UsageHour.objects.filter(hour=hour).values_list("pk", flat=True)
    if connection.vendor != "postgresql":
        return totals
    return totals.order_by(*order).select_for_update()


def _prune_left_over(before: datetime) -> int:
    """Rows whose hours are days by now: they began elsewhere when the time zone was another."""
    return _remove_rows(None, before)


def _remove_rows(since: datetime | None, until: datetime) -> int:
    """Remove rows that their hours count."""
    rows = UsageRow.objects.filter(accepted_at__lt=until, is_in_hours=True)
    if since is not None:
        rows = rows.filter(accepted_at__gte=since)
    return rows.delete()[0]
