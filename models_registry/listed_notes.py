"""Noting which models an upstream lists, when they came and when they went."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from models_registry.models import ListedModel

FORGOTTEN_AFTER = timedelta(days=90)
LONGEST_ID = 300
BATCH = 500


def note_listed(connection_id: int, ids: Collection[str], *, at: datetime) -> None:
    """Note that the upstream lists ``ids`` at this moment, and nothing else.

    Raises ``django.db.DatabaseError``. A connection that is gone is passed over.
    """
    listed = {each for each in ids if len(each) <= LONGEST_ID}
    rows = ListedModel.objects.filter(connection=connection_id)
    try:
        with transaction.atomic():
            known = dict(rows.values_list("model", "gone_at"))
            fresh = listed.difference(known)
            ListedModel.objects.bulk_create(
                [
                    ListedModel(connection_id=connection_id, model=each, first_listed_at=at)
                    for each in sorted(fresh)
                ],
                batch_size=BATCH,
                ignore_conflicts=True,
            )
            back = [each for each in listed if known.get(each) is not None]
            gone = [each for each, since in known.items() if since is None and each not in listed]
            _update(connection_id, back, gone_at=None)
            _update(connection_id, gone, gone_at=at)
            rows.filter(gone_at__lt=at - FORGOTTEN_AFTER).delete()
    except IntegrityError:
        return


def _update(connection_id: int, models: list[str], *, gone_at: datetime | None) -> None:
    """In pieces, since a statement takes a limited number of values."""
    for start in range(0, len(models), BATCH):
        some = models[start : start + BATCH]
        rows = ListedModel.objects.filter(connection=connection_id, model__in=some)
        rows.update(gone_at=gone_at)
