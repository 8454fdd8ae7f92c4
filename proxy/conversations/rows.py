"""The rows of kept responses in the database. Synchronous: called from a database thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from proxy.conversations.sealed import sealed, unsealed
from proxy.models import Conversation, OwnItem, OwnResponse, Sealed
from wire_formats.json_types import JsonObject
from wire_formats.responses.stored_items import ITEM_ID

Row = TypeVar("Row", bound=Sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptResponse:
    """A response, the items of its own input, and the ids of those it goes on from."""

    response: JsonObject
    input: list[JsonObject]
    ancestors: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return str(self.response["id"])

    @property
    def output(self) -> list[JsonObject]:
        output: Any = self.response.get("output")
        return output if isinstance(output, list) else []

    @property
    def output_ids(self) -> set[str]:
        """The ids of the items that it said."""
        ids = (item.get("id") for item in self.output)
        return {each for each in ids if isinstance(each, str) and ITEM_ID.fullmatch(each)}


def oldest() -> datetime:
    """What was last changed before this is kept no longer."""
    return timezone.now() - timedelta(days=settings.GATEWAY_CONVERSATION_DAYS)


def fill(row: Row, content: Any) -> Row:
    """``row`` with ``content`` as its ciphertext."""
    row.ciphertext = sealed(content, bound_to=row.bound_to)
    row.size = len(row.ciphertext)
    return row


def insert(user_id: int, kept: KeptResponse) -> int:
    """Write a response. Returns its size in bytes, 0 if it is too large to be kept."""
    row = OwnResponse(response_id=kept.id, user_id=user_id, ancestors=list(kept.ancestors))
    fill(row, {"response": kept.response, "input": kept.input})
    if row.size > settings.GATEWAY_CONVERSATION_BYTES:
        return 0
    items = [
        OwnItem(user_id=user_id, item_id=each, response_id=kept.id) for each in kept.output_ids
    ]
    with transaction.atomic():
        row.save(force_insert=True)
        OwnItem.objects.bulk_create(items)
    return row.size


def read(user_id: int, ids: Iterable[str]) -> dict[str, KeptResponse]:
    """Those of the responses ``ids`` that are the user's, by id."""
    rows = OwnResponse.objects.filter(
        user_id=user_id, response_id__in=list(ids), created_at__gte=oldest()
    )
    return {row.response_id: _read(row) for row in rows}


def sizes(user_id: int, ids: Iterable[str]) -> dict[str, int]:
    """The sizes in bytes of those of the responses ``ids`` that are the user's."""
    rows = OwnResponse.objects.filter(
        user_id=user_id, response_id__in=list(ids), created_at__gte=oldest()
    )
    return dict(rows.values_list("response_id", "size"))


def responses_with(user_id: int, item_ids: Iterable[str]) -> dict[str, str]:
    """The ids of the user's responses that have said the items ``item_ids``, by those."""
    rows = OwnItem.objects.filter(user_id=user_id, item_id__in=list(item_ids))
    return dict(rows.order_by("pk").values_list("item_id", "response_id"))


def delete(user_id: int, response_id: str) -> bool:
    """Delete a response. False where the user has none of that id."""
    return _delete(OwnResponse.objects.filter(user_id=user_id, response_id=response_id))


def cut(user_id: int, *, most: int, most_bytes: int) -> None:
    """Delete the user's oldest responses beyond ``most`` and ``most_bytes``."""
    rows = OwnResponse.objects.filter(user_id=user_id)
    total = 0
    for count, (pk, size) in enumerate(rows.order_by("-pk").values_list("pk", "size"), start=1):
        total += size
        if count > most or total > most_bytes:
            _delete(rows.filter(pk__lte=pk))
            return


def prune() -> None:
    """Delete what has come to its end."""
    _delete(OwnResponse.objects.filter(created_at__lt=oldest()))
    Conversation.objects.filter(changed_at__lt=oldest()).delete()


def _delete(rows: QuerySet[OwnResponse]) -> bool:
    """Delete responses with the places of their items. False where there is none."""
    with transaction.atomic():
        OwnItem.objects.filter(response_id__in=rows.values("response_id")).delete()
        deleted, _ = rows.delete()
    return bool(deleted)


def _read(row: OwnResponse) -> KeptResponse:
    content = unsealed(row.ciphertext, bound_to=row.bound_to)
    return KeptResponse(
        response=content["response"], input=content["input"], ancestors=tuple(row.ancestors)
    )
