"""Verifying with a memory: what was found of a stored connection last is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from asgiref.sync import async_to_sync
from django.db import transaction
from django.utils import timezone

from connections.models import Connection, LastVerification
from connections.upstream import Upstream
from connections.verify.result import Verification
from connections.verify.several import verify_all


def verify_and_keep(upstreams: Sequence[Upstream], **options: Any) -> list[Verification]:
    """:func:`verify_all`, with its options. One without an id is not stored."""
    started_at = timezone.now()  # a row that is changed later is not the one that was tried
    found = async_to_sync(verify_all)(upstreams, **options)
    results = {
        upstream.id: LastVerification(
            outcome=verification.outcome,
            failed_step=verification.failure.name if verification.failure else "",
            started_at=started_at,
        )
        for upstream, verification in zip(upstreams, found, strict=True)
        if upstream.id
    }
    if results:
        _keep(results)
    return found


@transaction.atomic
def _keep(results: dict[int, LastVerification]) -> None:
    """Keep ``results`` by the ids of their connections. Some of these may be gone meanwhile."""
    for connection in Connection.objects.select_for_update().filter(pk__in=results).order_by("pk"):
        results[connection.pk].connection = connection
    LastVerification.objects.bulk_create(
        [result for result in results.values() if result.connection_id],
        update_conflicts=True,
        unique_fields=["connection"],
        update_fields=["outcome", "failed_step", "started_at"],
    )
