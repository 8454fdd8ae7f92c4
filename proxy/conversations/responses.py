"""Responses that the gateway keeps for their user, and the histories that they make up."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from proxy.conversations import rows
from proxy.conversations.failures import (
    ConversationTooLargeError,
    from_store,
    not_found,
    previous_not_found,
)
from proxy.conversations.rows import KeptResponse
from wire_formats.json_types import JsonObject

logger = logging.getLogger(__name__)

LONGEST_CHAIN = 1000  # responses, each going on from the one before
PRUNED_EVERY_SECONDS = 24 * 3600.0
CUTS_FOR_EACH_CAP = 10  # how often within each cap a user's rows are cut to it


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What was said before: ``items`` of input and output, and the ids of their responses."""

    items: list[JsonObject]
    ancestors: tuple[str, ...]


class OwnResponses:
    """The kept responses. What it holds itself are counts, to know when to clean up."""

    def __init__(self) -> None:
        self._written: Counter[int] = Counter()  # responses of a user since they were cut
        self._written_bytes: Counter[int] = Counter()
        self._prune_at = 0.0

    async def keep(self, user_id: int, kept: KeptResponse) -> bool:
        """Keep a response. False where it is too large or the database does not answer."""
        try:
            size = await database_sync_to_async(rows.insert)(user_id, kept)
        except (DatabaseError, InterfaceError) as exc:
            logger.warning("A response is not kept: %s", exc)
            return False
        if size:
            await self._cut(user_id, size)
        return bool(size)

    async def find(self, user_id: int, response_id: str) -> KeptResponse:
        """The response, if it is the user's. Raises ``ApiError``."""
        found = await from_store(rows.read, user_id, [response_id])
        if response_id not in found:
            raise not_found("Response", response_id)
        return found[response_id]

    async def history(self, user_id: int, response_id: str) -> History:
        """All that a response goes on from, itself included. Raises ``ApiError``.

        One that was deleted in between leaves nothing to go on from.
        """
        last = (await from_store(rows.read, user_id, [response_id])).get(response_id)
        if last is None:
            raise previous_not_found(response_id)
        ids = (*last.ancestors, response_id)
        if len(ids) >= LONGEST_CHAIN:
            raise ConversationTooLargeError(
                settings.GATEWAY_CONVERSATION_BYTES, param="previous_response_id"
            )
        known = await from_store(rows.sizes, user_id, ids)
        if missing := next((each for each in ids if each not in known), None):
            raise previous_not_found(missing)
        if sum(known.values()) > settings.GATEWAY_CONVERSATION_BYTES:
            raise ConversationTooLargeError(
                settings.GATEWAY_CONVERSATION_BYTES, param="previous_response_id"
            )
        earlier = await from_store(rows.read, user_id, last.ancestors)
        chain = [earlier[each] for each in last.ancestors if each in earlier] + [last]
        return History(items=_items(chain), ancestors=ids)

    async def items(self, user_id: int, ids: Iterable[str]) -> dict[str, JsonObject]:
        """Those of the items ``ids`` that the user's responses have said. Raises ``ApiError``."""
        wanted = set(ids)
        places = await from_store(rows.responses_with, user_id, wanted)
        holders = set(places.values())
        known = await from_store(rows.sizes, user_id, holders) if holders else {}
        if sum(known.values()) > settings.GATEWAY_CONVERSATION_BYTES:
            raise ConversationTooLargeError(settings.GATEWAY_CONVERSATION_BYTES, param="input")
        kept = await from_store(rows.read, user_id, known) if known else {}
        said = (item for each in kept.values() for item in each.output)
        return {item["id"]: item for item in said if item.get("id") in wanted}

    async def forget(self, user_id: int, response_id: str) -> None:
        """Delete a response. Raises ``ApiError`` where the user has none of that id."""
        if not await from_store(rows.delete, user_id, response_id):
            raise not_found("Response", response_id)

    async def _cut(self, user_id: int, size: int) -> None:
        """Delete what is too old once a day, and a user's oldest when they have written much."""
        most = settings.GATEWAY_STORED_RESPONSES_PER_USER
        most_bytes = settings.GATEWAY_CONVERSATION_BYTES_PER_USER
        self._written[user_id] += 1
        self._written_bytes[user_id] += size
        try:
            if (
                self._written[user_id] * CUTS_FOR_EACH_CAP >= most
                or self._written_bytes[user_id] * CUTS_FOR_EACH_CAP >= most_bytes
            ):
                del self._written[user_id], self._written_bytes[user_id]
                await database_sync_to_async(rows.cut)(user_id, most=most, most_bytes=most_bytes)
            if time.monotonic() > self._prune_at:
                self._prune_at = time.monotonic() + PRUNED_EVERY_SECONDS
                await database_sync_to_async(rows.prune)()
        except DatabaseError as exc:
            logger.warning("Old responses stay for now: %s", exc)


def _items(chain: Iterable[KeptResponse]) -> list[JsonObject]:
    return [item for kept in chain for item in (*kept.input, *kept.output)]


own_responses = OwnResponses()
"""The responses that this worker's users have the gateway keep."""
