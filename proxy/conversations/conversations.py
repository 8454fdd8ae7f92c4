"""Conversations that the gateway keeps for their user: OpenAI's Conversations API.

https://platform.openai.com/docs/api-reference/conversations
Each function takes the user's id, and raises ``ApiError`` for a conversation that is not theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from proxy.client_side.errors import ApiError, InvalidRequestError
from proxy.conversations.failures import ConversationTooLargeError, from_store, not_found
from proxy.conversations.ids import CONVERSATION, is_own, new_id
from proxy.conversations.rows import fill, oldest
from proxy.conversations.sealed import unsealed
from proxy.models import Conversation, ConversationItem
from wire_formats.json_types import JsonObject
from wire_formats.responses.stored_items import ITEM_ID

logger = logging.getLogger(__name__)

CONVERSATION_NAME, ITEM_NAME = "Conversation", "Item"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Items of a list, and whether there are more behind them."""

    items: list[JsonObject]
    has_more: bool


async def create(user_id: int, metadata: JsonObject, items: Iterable[JsonObject]) -> JsonObject:
    """A new conversation with ``items``, which have ids."""
    return await from_store(_create, user_id, metadata, list(items))


async def find(user_id: int, conversation_id: str) -> JsonObject:
    return await from_store(lambda: _as_json(_row(user_id, conversation_id)))


async def update(user_id: int, conversation_id: str, metadata: JsonObject) -> JsonObject:
    """The conversation with other ``metadata``."""
    return await from_store(_update, user_id, conversation_id, metadata)


async def delete(user_id: int, conversation_id: str) -> None:
    await from_store(lambda: _row(user_id, conversation_id).delete())


async def items(
    user_id: int, conversation_id: str, *, after: str = "", limit: int, is_ascending: bool
) -> Page:
    """The items behind the one with the id ``after``."""
    return await from_store(_page, user_id, conversation_id, after, limit, is_ascending)


async def all_items(user_id: int, conversation_id: str) -> list[JsonObject]:
    """Every item, to go on from. Raises ``ApiError`` where they are more than is sent again."""
    return await from_store(_all_items, user_id, conversation_id)


async def add(user_id: int, conversation_id: str, added: Iterable[JsonObject]) -> None:
    """Put the items ``added``, which have ids, at the end."""
    await from_store(_add, user_id, conversation_id, list(added))


async def try_to_add(user_id: int, conversation_id: str, added: Iterable[JsonObject]) -> bool:
    """As :func:`add`, for what a client has been told already: False where it cannot be kept."""
    try:
        await add(user_id, conversation_id, added)
    except ApiError as exc:
        logger.warning("A response is missing from its conversation: %s", exc.message)
        return False
    return True


async def item(user_id: int, conversation_id: str, item_id: str) -> JsonObject:
    return await from_store(lambda: _content(_item_row(user_id, conversation_id, item_id)))


async def delete_item(user_id: int, conversation_id: str, item_id: str) -> JsonObject:
    """The conversation, without that item."""
    return await from_store(_delete_item, user_id, conversation_id, item_id)


def _create(user_id: int, metadata: JsonObject, added: list[JsonObject]) -> JsonObject:
    most = settings.GATEWAY_CONVERSATIONS_PER_USER
    own = Conversation.objects.filter(user_id=user_id)
    own.filter(changed_at__lt=oldest()).delete()  # or else they would count nowhere
    if own.count() >= most:
        raise InvalidRequestError(
            f"You have {most} conversations, which is as many as are kept. Delete one first.",
            code="too_many_conversations",
        )
    row = Conversation(conversation_id=new_id(CONVERSATION), user_id=user_id)
    with transaction.atomic():
        fill(row, metadata).save(force_insert=True)
        _append(row, added)
    return _as_json(row)


def _update(user_id: int, conversation_id: str, metadata: JsonObject) -> JsonObject:
    row = _row(user_id, conversation_id)
    row.changed_at = timezone.now()
    fill(row, metadata).save(update_fields=["ciphertext", "size", "changed_at"])
    return _as_json(row)


def _add(user_id: int, conversation_id: str, added: list[JsonObject]) -> None:
    with transaction.atomic():
        row = _row(user_id, conversation_id)
        _append(row, added)
        Conversation.objects.filter(pk=row.pk).update(changed_at=timezone.now())


def _append(row: Conversation, added: list[JsonObject]) -> None:
    made = [
        fill(ConversationItem(conversation=row, item_id=str(each["id"])), each) for each in added
    ]
    added_bytes = sum(each.size for each in made)
    if _size(row) + added_bytes > settings.GATEWAY_CONVERSATION_BYTES:
        raise ConversationTooLargeError(settings.GATEWAY_CONVERSATION_BYTES, param="items")
    if made and _size_of_all(row.user_id) + added_bytes > (
        most := settings.GATEWAY_CONVERSATION_BYTES_PER_USER
    ):
        raise InvalidRequestError(
            f"Your conversations are larger than the {most} bytes that are kept. Delete one first.",
            param="items",
            code="conversations_too_large",
        )
    # An item that is there already stays as it is: clients may send one again.
    ConversationItem.objects.bulk_create(made, ignore_conflicts=True)


def _size(row: Conversation) -> int:
    return int(row.items.aggregate(total=Sum("size"))["total"] or 0)


def _size_of_all(user_id: int) -> int:
    rows = ConversationItem.objects.filter(conversation__user_id=user_id)
    return int(rows.aggregate(total=Sum("size"))["total"] or 0)


def _page(user_id: int, conversation_id: str, after: str, limit: int, is_ascending: bool) -> Page:
    row = _row(user_id, conversation_id)
    found = row.items.order_by(F("pk").asc() if is_ascending else F("pk").desc())
    if after:
        place = _item_row(user_id, conversation_id, after).pk
        found = found.filter(pk__gt=place) if is_ascending else found.filter(pk__lt=place)
    contents = [_content(each) for each in found[: limit + 1]]
    return Page(items=contents[:limit], has_more=len(contents) > limit)


def _all_items(user_id: int, conversation_id: str) -> list[JsonObject]:
    row = _row(user_id, conversation_id)
    if _size(row) > settings.GATEWAY_CONVERSATION_BYTES:
        raise ConversationTooLargeError(settings.GATEWAY_CONVERSATION_BYTES, param="conversation")
    return [_content(each) for each in row.items.order_by("pk")]


def _delete_item(user_id: int, conversation_id: str, item_id: str) -> JsonObject:
    row = _row(user_id, conversation_id)
    _item_row(user_id, conversation_id, item_id).delete()
    return _as_json(row)


def _row(user_id: int, conversation_id: str) -> Conversation:
    row = None
    if is_own(conversation_id):
        rows = Conversation.objects.filter(user_id=user_id, changed_at__gte=oldest())
        row = rows.filter(conversation_id=conversation_id).first()
    if row is None:
        raise not_found(CONVERSATION_NAME, conversation_id)
    return row


def _item_row(user_id: int, conversation_id: str, item_id: str) -> ConversationItem:
    row = None
    if ITEM_ID.fullmatch(item_id):
        row = _row(user_id, conversation_id).items.filter(item_id=item_id).first()
    if row is None:
        raise not_found(ITEM_NAME, item_id)
    return row


def _content(row: ConversationItem) -> JsonObject:
    content: Any = unsealed(row.ciphertext, bound_to=row.bound_to)
    return content  # type: ignore[no-any-return]


def _as_json(row: Conversation) -> JsonObject:
    return {
        "id": row.conversation_id,
        "object": "conversation",
        "created_at": int(row.created_at.timestamp()),
        "metadata": unsealed(row.ciphertext, bound_to=row.bound_to),
    }
