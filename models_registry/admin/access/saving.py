"""Making a change of grants, by the same steps as the form of a single grant."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group

from accounts.admin.deletions import counted
from models_registry.access.change import Change
from models_registry.models import ModelGrant

MADE: list[Any] = [{"added": {}}]  # as the admin's own form logs it


def save(page: Any, request: Any, change: Change) -> None:
    """To be called in a transaction. Each grant is saved by itself, since workers, snapshots and
    streams that run learn of a change by the signals of rows.

    Raises ``ValidationError`` for an id that cannot be a pattern, ``IntegrityError`` for a grant
    that another admin has made meanwhile.
    """
    ids = [grant.pk for _, grant in change.removed]
    gone = ModelGrant.objects.filter(pk__in=ids).select_related("group")
    number = len(change.removed)
    if number:
        page.log_deletions(request, gone)
        page.delete_queryset(request, gone)
    groups = Group.objects.in_bulk({holder.group_id for holder, _ in change.added} - {None})
    rows = [
        ModelGrant(
            pattern=pattern, group=groups.get(holder.group_id), everyone=holder.group_id is None
        )
        for holder, pattern in change.added
    ]
    for row in rows:
        row.clean_fields(exclude=["group", "user"])
        row.clean()
        page.save_model(request, row, form=None, change=False)
    if rows:
        LogEntry.objects.log_actions(request.user.pk, rows, ADDITION, change_message=MADE)
    said = [f"{counted(len(rows), 'grant')} made"] if rows else []
    said += [f"{counted(number, 'grant')} deleted"] if number else []
    messages.success(request, f"{' and '.join(said)}.")
