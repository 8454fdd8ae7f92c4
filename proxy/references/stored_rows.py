"""The rows of stored responses in the database."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps

from channels.db import database_sync_to_async
from django.db import DatabaseError
from django.db.models import Count
from django.utils import timezone

from proxy.models import StoredResponse

logger = logging.getLogger(__name__)

RETENTION = timedelta(days=30)  # as OpenAI and Azure keep responses


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReference:
    """A response, item or container that the connection ``connection_id`` stores for ``user_id``.

    ``response_id`` is the id of any of the three.
    """

    response_id: str
    user_id: int
    connection_id: int
    model: str

    @property
    def key(self) -> tuple[int, str]:
        """What its owner and the id in a request are looked up by."""
        return self.user_id, self.response_id

    @property
    def place(self) -> tuple[int, str]:
        """Where it is stored. Each place has one owner."""
        return self.connection_id, self.response_id


@database_sync_to_async
def insert(batch: list[StoredReference]) -> list[StoredReference]:
    """Write those of ``batch`` whose place is free. Returns those that are their user's now."""
    rows = [
        StoredResponse(
            response_id=stored.response_id,
            user_id=stored.user_id,
            connection_id=stored.connection_id,
            model=stored.model,
        )
        for stored in batch
    ]
    StoredResponse.objects.bulk_create(rows, ignore_conflicts=True)
    written = StoredResponse.objects.filter(
        response_id__in={stored.response_id for stored in batch}
    )
    owners = {(row.connection_id, row.response_id): row.user_id for row in written}
    return [stored for stored in batch if owners.get(stored.place) == stored.user_id]


@database_sync_to_async
def read(user_id: int, ids: set[str]) -> list[StoredReference]:
    """Those of ``ids`` that are the user's, the newest last."""
    rows = StoredResponse.objects.filter(user_id=user_id, response_id__in=ids).order_by("pk")
    return [
        StoredReference(
            response_id=row.response_id,
            user_id=row.user_id,
            connection_id=row.connection_id,
            model=row.model,
        )
        for row in rows
    ]


@database_sync_to_async
def delete(stored: StoredReference) -> None:
    """Delete the row of ``stored``."""
    StoredResponse.objects.filter(
        user_id=stored.user_id, connection_id=stored.connection_id, response_id=stored.response_id
    ).delete()


def put_off_while_down(clean: Callable[..., None]) -> Callable[..., None]:
    """Have ``clean`` leave its rows where the database does not answer: it comes back."""

    @wraps(clean)
    def attempt(*args: int) -> None:
        try:
            clean(*args)
        except DatabaseError as exc:
            logger.warning("Old stored responses stay for now: %s", exc)

    return attempt


@database_sync_to_async
@put_off_while_down
def cut(user_id: int, most: int) -> None:
    """Delete the user's oldest rows beyond ``most``."""
    _cut(user_id, most)


@database_sync_to_async
@put_off_while_down
def prune(most: int) -> None:
    """Delete what no upstream keeps any more, and every user's oldest rows beyond ``most``."""
    StoredResponse.objects.filter(created_at__lt=timezone.now() - RETENTION).delete()
    users = StoredResponse.objects.order_by().values("user_id").annotate(rows=Count("pk"))
    for user_id in list(users.filter(rows__gt=most).values_list("user_id", flat=True)):
        _cut(user_id, most)


def _cut(user_id: int, most: int) -> None:
    rows = StoredResponse.objects.filter(user_id=user_id)
    beyond = list(rows.order_by("-pk").values_list("pk", flat=True)[most : most + 1])
    if beyond:
        rows.filter(pk__lte=beyond[0]).delete()
