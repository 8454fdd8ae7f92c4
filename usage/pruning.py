"""Old rows become totals by day, which keep the cost but not the single requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from accounts.models import Departed
from usage.companions import companions
from usage.models import UsageRow
from usage.periods import local_day, midnight
from wire_formats.figures import MOST

BATCH = 5000
# An older version may have stored impossible figures; without them no sum passes 64 bits.
TOLD = "COALESCE(SUM(CASE WHEN {name} <= {most} THEN {name} END), 0)"
GROUP = ("user_id", "username", "key_id", "key_hint", "model", "connection")
TOTALS = {
    "requests": "COUNT(*)",
    "failed": "SUM(CASE WHEN status >= 400 OR error_code <> '' THEN 1 ELSE 0 END)",
    "prompt_tokens": TOLD.format(name="prompt_tokens", most=MOST),
    "cached_tokens": TOLD.format(name="cached_tokens", most=MOST),
    "cache_write_tokens": TOLD.format(name="cache_write_tokens", most=MOST),
    "completion_tokens": TOLD.format(name="completion_tokens", most=MOST),
    "reasoning_tokens": TOLD.format(name="reasoning_tokens", most=MOST),
    "audio_prompt_tokens": TOLD.format(name="audio_prompt_tokens", most=MOST),
    "audio_completion_tokens": TOLD.format(name="audio_completion_tokens", most=MOST),
    "audio_seconds": TOLD.format(name="audio_seconds", most=MOST),
    "duration_ms": "SUM(duration_ms)",
    "unpriced": "SUM(CASE WHEN cost IS NULL AND status < 400 THEN 1 ELSE 0 END)",
    "estimated": "SUM(CASE WHEN cost IS NOT NULL AND price_id IN "
    "(SELECT id FROM usage_price WHERE source = 'estimate') THEN 1 ELSE 0 END)",
    "cost": "COALESCE(SUM(cost), 0)",
}
# The same words for PostgreSQL and SQLite. The WHERE is also what keeps SQLite from reading
# ON CONFLICT as the condition of a join.
ADD_TOTALS = f"""
    INSERT INTO usage_usageday (day, {", ".join(GROUP)}, {", ".join(TOTALS)})
    SELECT %s, {", ".join(GROUP)}, {", ".join(TOTALS.values())}
    FROM usage_usagerow WHERE request_id IN ({{places}})
    GROUP BY {", ".join(GROUP)}
    ON CONFLICT (day, {", ".join(GROUP)}) DO UPDATE SET
    {", ".join(f"{name} = usage_usageday.{name} + excluded.{name}" for name in TOTALS)}
"""  # noqa: S608 - the names are ours


def prune(older_than: timedelta, *, batch: int = BATCH) -> int:
    """Turn rows of days that ended ``older_than`` ago into totals; how many there were.

    Each batch is a transaction: whoever interrupts it may begin again.
    """
    before = cutoff(older_than)
    pruned = 0
    while moved := _prune_batch(before, batch):
        pruned += moved
    forget_departed(before)
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
def _prune_batch(before: datetime, batch: int) -> int:
    old = UsageRow.objects.filter(accepted_at__lt=before).order_by("accepted_at")
    first = old.values_list("accepted_at", flat=True).first()
    if first is None:
        return 0
    day = local_day(first)
    of_day = old.filter(accepted_at__lt=midnight(day + timedelta(days=1)))
    ids = list(of_day.select_for_update().values_list("pk", flat=True)[:batch])
    if not ids:  # another worker prunes these already
        return 0
    with connection.cursor() as cursor:
        statement = ADD_TOTALS.format(places=", ".join(["%s"] * len(ids)))
        cursor.execute(statement, [day, *ids])
    UsageRow.objects.filter(pk__in=ids).delete()
    return len(ids)
