"""Writing down what was heard of a connection, for all workers and pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from connections.choices import Cause
from connections.models import ConnectionHealth
from connections.models.connection_health import LONGEST_PROBLEM

INSPECTED_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer of an upstream, or its silence.

    ``cause`` is empty for a success; ``problem`` is safe to show. ``model_count`` is None where the
    answer told nothing about models. ``is_close``: every layer was looked at, so that the cause
    takes the place of any other.
    """

    at: datetime
    cause: Cause | None = None
    problem: str = ""
    model_count: int | None = None
    is_close: bool = False


def keep_heard(connection_id: int, heard: Heard) -> None:
    """Keep ``heard`` unless something newer is kept already. The connection may be gone.

    Raises ``django.db.DatabaseError``.
    """
    try:
        with transaction.atomic():
            rows = ConnectionHealth.objects.select_for_update()
            row = rows.filter(pk=connection_id).first()
            if row is None:
                row = ConnectionHealth(pk=connection_id, checked_at=heard.at)
            if row.checked_at <= heard.at:
                _take(row, heard)
                row.save()
    except IntegrityError:
        return  # the connection was deleted, or another worker was first


def claim_inspection(connection_id: int, *, now: datetime) -> bool:
    """Whether the caller is to verify a failing connection now: one worker in five minutes is."""
    due = Q(inspected_at__isnull=True) | Q(inspected_at__lte=now - INSPECTED_AGAIN)
    rows = ConnectionHealth.objects.filter(due, pk=connection_id, failing_since__isnull=False)
    return bool(rows.update(inspected_at=now))


def _take(row: ConnectionHealth, heard: Heard) -> None:
    row.checked_at = heard.at
    if heard.model_count is not None:
        row.model_count, row.listed_at = heard.model_count, heard.at
    if heard.cause is None:
        row.succeeded_at = heard.at
        row.failing_since, row.cause, row.problem, row.inspected_at = None, "", "", None
        return
    row.failing_since = row.failing_since or heard.at
    if heard.is_close or not row.knows_closer_than(heard.cause):
        row.cause, row.problem = heard.cause, heard.problem[:LONGEST_PROBLEM]
