"""OpenAI's Conversations API, kept by the gateway for every upstream."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from proxy.api import ApiView
from proxy.client_side.errors import InvalidRequestError
from proxy.client_side.rendering import JsonResponse
from proxy.conversations import conversations
from proxy.conversations.ids import new_item_id
from proxy.views.item_pages import asked_page, page_of
from wire_formats.json_types import JsonObject
from wire_formats.responses.stored_items import REFERENCE, kind_of_item, stored_items

# OpenAI's own limits.
MOST_ITEMS_AT_ONCE = 20
MOST_PAIRS, LONGEST_KEY, LONGEST_VALUE = 16, 64, 512


class ConversationsView(ApiView):
    """``POST /v1/conversations``: a new one."""

    async def post(self, request: Request) -> HttpResponseBase:
        metadata = metadata_of(self.payload)
        items = given_items(self.payload.get("items") or [])
        return JsonResponse(await conversations.create(self.caller.user_id, metadata, items))


class ConversationView(ApiView):
    """``GET``, ``POST`` and ``DELETE /v1/conversations/{id}``: read, change, delete."""

    async def get(self, request: Request, conversation_id: str) -> HttpResponseBase:
        return JsonResponse(await conversations.find(self.caller.user_id, conversation_id))

    async def post(self, request: Request, conversation_id: str) -> HttpResponseBase:
        metadata = metadata_of(self.payload)
        user_id = self.caller.user_id
        return JsonResponse(await conversations.update(user_id, conversation_id, metadata))

    async def delete(self, request: Request, conversation_id: str) -> HttpResponseBase:
        await conversations.delete(self.caller.user_id, conversation_id)
        deleted = {"id": conversation_id, "object": "conversation.deleted", "deleted": True}
        return JsonResponse(deleted)


class ConversationItemsView(ApiView):
    """``GET`` and ``POST /v1/conversations/{id}/items``: a page of them, and more of them."""

    async def get(self, request: Request, conversation_id: str) -> HttpResponseBase:
        asked = asked_page(request.query_params)
        page = await conversations.items(
            self.caller.user_id,
            conversation_id,
            after=asked.after,
            limit=asked.limit,
            is_ascending=asked.is_ascending,
        )
        return JsonResponse(page_of(page.items, has_more=page.has_more))

    async def post(self, request: Request, conversation_id: str) -> HttpResponseBase:
        added = given_items(self.payload.get("items"))
        await conversations.add(self.caller.user_id, conversation_id, added)
        return JsonResponse(page_of(added, has_more=False))


class ConversationItemView(ApiView):
    """``GET`` and ``DELETE /v1/conversations/{id}/items/{item}``."""

    async def get(self, request: Request, conversation_id: str, item_id: str) -> HttpResponseBase:
        user_id = self.caller.user_id
        return JsonResponse(await conversations.item(user_id, conversation_id, item_id))

    async def delete(
        self, request: Request, conversation_id: str, item_id: str
    ) -> HttpResponseBase:
        user_id = self.caller.user_id
        return JsonResponse(await conversations.delete_item(user_id, conversation_id, item_id))


def metadata_of(body: JsonObject) -> JsonObject:
    """The ``metadata`` of a request. Raises ``InvalidRequestError``."""
    metadata: Any = body.get("metadata") or {}
    if not isinstance(metadata, dict) or len(metadata) > MOST_PAIRS:
        raise InvalidRequestError(
            f"`metadata` must be an object with at most {MOST_PAIRS} fields.", param="metadata"
        )
    for key, value in metadata.items():
        if len(key) > LONGEST_KEY or not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise InvalidRequestError(
                f"`metadata` must have keys of at most {LONGEST_KEY} characters, with strings of "
                f"at most {LONGEST_VALUE} characters.",
                param="metadata",
            )
    return metadata


def given_items(items: Any) -> list[JsonObject]:
    """The items of a request, each with an id. Raises ``InvalidRequestError``."""
    if not isinstance(items, list) or len(items) > MOST_ITEMS_AT_ONCE:
        raise InvalidRequestError(
            f"`items` must be an array of at most {MOST_ITEMS_AT_ONCE} items.", param="items"
        )
    for place, item in enumerate(items):
        param = f"items[{place}]"
        if not isinstance(item, dict):
            raise InvalidRequestError(f"`{param}` must be an object.", param=param)
        if kind_of_item(item) == REFERENCE:
            raise InvalidRequestError(
                f"`{param}` must be an item itself, not a reference to one.", param=param
            )
    return list(stored_items(items, new_id=new_item_id))
