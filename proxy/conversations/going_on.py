"""A request for a response that goes on from what the gateway keeps, made to say all by itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from proxy.client_side.errors import InvalidRequestError
from proxy.conversations import conversations
from proxy.conversations.ids import is_own, new_id
from proxy.conversations.responses import own_responses
from proxy.conversations.rows import KeptResponse
from wire_formats.json_types import JsonObject
from wire_formats.responses.stored_items import (
    REFERENCE,
    kind_of_item,
    listed_input,
    stored_items,
)

PREVIOUS, CONVERSATION = "previous_response_id", "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """``body`` has what was said before in its ``input``, and no id of what the gateway keeps.

    ``previous`` and ``conversation`` are those ids, empty where the request named none.
    ``ancestors`` are the responses that the new one goes on from, the oldest first.
    """

    body: JsonObject = field(repr=False)
    given: JsonObject = field(repr=False)
    previous: str = ""
    conversation: str = ""
    ancestors: tuple[str, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether the client wants the response to be kept, and the gateway keeps any."""
        return self.given.get("store") is not False and settings.GATEWAY_KEEPS_RESPONSES

    def own_input(self) -> list[JsonObject]:
        """The items that this request added, with ids. Raises ``UnsendableError``."""
        return list(stored_items(listed_input(self.given.get("input")), new_id=new_id))


async def going_on(body: JsonObject, user_id: int) -> GoingOn:
    """The request ``body`` with what it goes on from. Raises ``ApiError``, ``UnsendableError``."""
    previous, conversation = body.get(PREVIOUS), _conversation_id(body.get(CONVERSATION))
    if previous is not None and conversation:
        raise InvalidRequestError(
            f"`{PREVIOUS}` and `{CONVERSATION}` exclude each other.", param=CONVERSATION
        )
    if conversation:
        before = await conversations.all_items(user_id, conversation)
        return GoingOn(body=_with_history(body, before), given=body, conversation=conversation)
    if is_own(previous):
        history = await own_responses.history(user_id, previous)
        return GoingOn(
            body=_with_history(body, history.items),
            given=body,
            previous=previous,
            ancestors=history.ancestors,
        )
    return GoingOn(body=body, given=body)


async def keep(going: GoingOn, response: JsonObject, user_id: int) -> bool:
    """Keep a ``response`` that has come to its end, as its request wants it.

    False if it was to be kept and cannot be. Raises nothing: its client has it already.
    """
    kept = KeptResponse(response=response, input=going.own_input(), ancestors=going.ancestors)
    is_kept = not going.is_kept or await own_responses.keep(user_id, kept)
    return is_kept and await add_to_conversation(going, kept, user_id)


async def add_to_conversation(going: GoingOn, kept: KeptResponse, user_id: int) -> bool:
    """Put what was asked and said at the end of the request's conversation, if it has one."""
    if not going.conversation:
        return True
    said = stored_items(kept.output, new_id=new_id)
    return await conversations.try_to_add(user_id, going.conversation, [*kept.input, *said])


def _conversation_id(value: Any) -> str:
    """The id of a conversation that the gateway keeps; empty for any other."""
    match value:
        case {"id": id_}:
            return id_ if is_own(id_) else ""
        case _:
            return value if is_own(value) else ""


def _with_history(body: JsonObject, before: list[JsonObject]) -> JsonObject:
    known = {item.get("id"): item for item in before}
    fields = {name: value for name, value in body.items() if name not in {PREVIOUS, CONVERSATION}}
    own = _without_references(listed_input(body.get("input")), known)
    return fields | {"input": [*before, *own]}


def _without_references(
    items: Iterable[JsonObject], known: dict[Any, JsonObject]
) -> list[JsonObject]:
    """``items``, without references to what stands before them already."""
    return [
        item for item in items if not (kind_of_item(item) == REFERENCE and item.get("id") in known)
    ]
