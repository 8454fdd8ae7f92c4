"""The upstreams' words in the records of failed attempts, which are kept for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import TextField
from django.db.models.functions import Cast

from usage.attempts import ERROR_TEXT, AttemptFacts
from usage.models import UsageRow

BATCH = 500


def forget_error_texts(*, now: datetime | None = None) -> int:
    """Remove the words that are older than ``GATEWAY_ERROR_TEXT_DAYS``; of how many records.

    Each batch is a transaction. Raises ``django.db.Error``.
    """
    before = (now or datetime.now(UTC)) - timedelta(days=settings.GATEWAY_ERROR_TEXT_DAYS)
    rows = (
        UsageRow.objects.filter(accepted_at__lt=before, attempt_log__isnull=False)
        .annotate(log_as_text=Cast("attempt_log", TextField()))
        .filter(log_as_text__contains=f'"{ERROR_TEXT}":')  # with the colon no value is like it
        .order_by("accepted_at")
        .only("attempt_log")
    )
    forgotten = 0
    while found := list(rows[:BATCH]):
        for row in found:
            row.attempt_log = [_without_text(attempt) for attempt in row.attempt_log or []]
        UsageRow.objects.bulk_update(found, ["attempt_log"])
        forgotten += len(found)
    return forgotten


def _without_text(attempt: AttemptFacts) -> AttemptFacts:
    return {name: value for name, value in attempt.items() if name != ERROR_TEXT}
