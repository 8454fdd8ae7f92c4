"""Verifying with a memory: what was found of a stored connection last is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from connections.health.keeping import Heard, keep_heard
from connections.models import Connection, LastVerification
from connections.upstream import Upstream
from connections.verify.causes import cause_of, problem_of
from connections.verify.result import Verification
from connections.verify.several import verify_all


def verify_and_keep(upstreams: Sequence[Upstream], **options: Any) -> list[Verification]:
    """:func:`verify_all`, with its options. One without an id is not stored."""
    started_at = timezone.now()  # a row that is changed later is not the one that was tried
    found = async_to_sync(verify_all)(upstreams, **options)
    results = {
        upstream.id: verification
        for upstream, verification in zip(upstreams, found, strict=True)
        if upstream.id
    }
    if results:
        _keep(results, started_at)
    return found


def keep_verification(
    connection_id: int, verification: Verification, *, started_at: datetime
) -> None:
    """Keep what was found of one connection."""
    _keep({connection_id: verification}, started_at)


@transaction.atomic
def _keep(found: Mapping[int, Verification], started_at: datetime) -> None:
    """Keep what was ``found``, by the ids of connections. Some of these may be gone meanwhile."""
    rows = Connection.objects.select_for_update().filter(pk__in=found).order_by("pk")
    connections = list(rows)
    LastVerification.objects.bulk_create(
        [_row(each, found[each.pk], started_at) for each in connections],
        update_conflicts=True,
        unique_fields=["connection"],
        update_fields=["outcome", "failed_step", "started_at", "steps"],
    )
    for each in connections:
        keep_heard(each.pk, _heard(found[each.pk], started_at))


def _row(
    connection: Connection, verification: Verification, started_at: datetime
) -> LastVerification:
    return LastVerification(
        connection=connection,
        outcome=verification.outcome,
        failed_step=verification.failure.name if verification.failure else "",
        started_at=started_at,
        steps=[step.kept() for step in verification.steps],
    )


def _heard(verification: Verification, at: datetime) -> Heard:
    cause = cause_of(verification)
    return Heard(
        at=at,
        cause=cause,
        problem=problem_of(verification),
        model_count=None if cause else len(verification.models),
        is_close=True,
    )
