"""Rows that no hour counts, as those of an older version, are added to the totals of their hours.

::

    rows without the mark ──► locked ──► added to their hours, marked ──► commit ──► the next ones

Workers do it beside their requests. Whoever stops it loses nothing, and readers add up such rows
themselves until they have the mark.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from usage import hours
from usage.models import UsageRow

BATCH = 2000


def fill_batch(*, before: datetime | None = None, most: int = BATCH) -> int:
    """Add the oldest rows that no hour counts; how many there were. Raises ``django.db.Error``.

    Rows that another worker adds at this moment are passed over.
    """
    rows = UsageRow.objects.filter(is_in_hours__isnull=True).order_by("accepted_at")
    if before is not None:
        rows = rows.filter(accepted_at__lt=before)
    with transaction.atomic():
        locked = rows.select_for_update(skip_locked=True, of=("self",))
        found = list(locked.values_list("pk", *hours.TAKEN)[:most])
        hours.add(row[1:] for row in found)
        UsageRow.objects.filter(pk__in=[row[0] for row in found]).update(is_in_hours=True)
    return len(found)
