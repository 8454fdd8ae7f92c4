"""The rows of kept responses in the database. Synchronous: called from a database thread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.utils import timezone

from proxy.conversations.sealed import sealed, unsealed
from proxy.models import Conversation, OwnResponse, Sealed
from wire_formats.json_types import JsonObject

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
    row.save(force_insert=True)
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


def delete(user_id: int, response_id: str) -> bool:
    """Delete a response. False where the user has none of that id."""
    deleted, _ = OwnResponse.objects.filter(user_id=user_id, response_id=response_id).delete()
    return bool(deleted)


def cut(user_id: int, *, most: int, most_bytes: int) -> None:
    """Delete the user's oldest responses beyond ``most`` and ``most_bytes``."""
    rows = OwnResponse.objects.filter(user_id=user_id)
    total = 0
    for count, (pk, size) in enumerate(rows.order_by("-pk").values_list("pk", "size"), start=1):
        total += size
        if count > most or total > most_bytes:
            rows.filter(pk__lte=pk).delete()
            return


def prune() -> None:
    """Delete what has come to its end."""
    OwnResponse.objects.filter(created_at__lt=oldest()).delete()
    Conversation.objects.filter(changed_at__lt=oldest()).delete()


def _read(row: OwnResponse) -> KeptResponse:
    content = unsealed(row.ciphertext, bound_to=row.bound_to)
    return KeptResponse(
        response=content["response"], input=content["input"], ancestors=tuple(row.ancestors)
    )
