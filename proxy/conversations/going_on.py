"""A request for a response that goes on from what the gateway keeps, made to say all by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from proxy.client_side.errors import InvalidRequestError
from proxy.conversations import conversations
from proxy.conversations.ids import is_own, new_item_id
from proxy.conversations.referred import has_own_id, ids_to_look_up, with_items
from proxy.conversations.responses import History, own_responses
from proxy.conversations.rows import KeptResponse
from wire_formats.json_types import JsonObject
from wire_formats.responses.stored_items import listed_input, stored_items

PREVIOUS, CONVERSATION = "previous_response_id", "conversation"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """``body`` has what was said before in its ``input``, and no id of what the gateway keeps.

    ``given`` is the client's, with the items themselves where it referred to them. ``previous`` and
    ``conversation`` are those ids, empty where the request named none. ``history`` is what was said
    before: ``ancestors`` are the responses that did, the oldest first.
    """

    body: JsonObject = field(repr=False)
    given: JsonObject = field(repr=False)
    previous: str = ""
    conversation: str = ""
    history: list[JsonObject] = field(default_factory=list, repr=False)
    ancestors: tuple[str, ...] = ()

    @property
    def names_own(self) -> bool:
        """Whether the request named something that no upstream knows."""
        return bool(self.previous or self.conversation)

    @property
    def is_kept(self) -> bool:
        """Whether the client wants the response to be kept, and the gateway keeps any."""
        return self.given.get("store") is not False and settings.GATEWAY_KEEPS_RESPONSES

    def told(self, response: JsonObject) -> JsonObject:
        """An upstream's ``response`` with the ids that its request named, which it never saw."""
        fields: JsonObject = {}
        if self.previous:
            fields[PREVIOUS] = self.previous
        if self.conversation:
            fields[CONVERSATION] = {"id": self.conversation}
        return response | fields

    def told_in(self, event: JsonObject) -> JsonObject:
        """``event`` of an upstream's stream, with the ids in the response that it tells of."""
        response = event.get("response")
        return event | {"response": self.told(response)} if isinstance(response, dict) else event

    def own_input(self) -> list[JsonObject]:
        """The items that this request added, with ids. Raises ``UnsendableError``."""
        return list(stored_items(listed_input(self.given.get("input")), new_id=new_item_id))


def names_own(body: JsonObject) -> bool:
    """Whether ``body`` has any id that only the gateway knows what to do with."""
    items = body.get("input")
    return (
        is_own(body.get(PREVIOUS))
        or bool(_conversation_id(body.get(CONVERSATION)))
        or (isinstance(items, list) and any(map(has_own_id, items)))
    )


async def going_on(body: JsonObject, user_id: int) -> GoingOn:
    """The request ``body`` with what it goes on from. Raises ``ApiError``, ``UnsendableError``."""
    previous, conversation = body.get(PREVIOUS), _conversation_id(body.get(CONVERSATION))
    if previous is not None and conversation:
        raise InvalidRequestError(
            f"`{PREVIOUS}` and `{CONVERSATION}` exclude each other.", param=CONVERSATION
        )
    previous = previous if is_own(previous) else ""
    before = await _before(user_id, previous, conversation)
    given = await _with_items(body, user_id, before.items)
    if not (previous or conversation):
        return GoingOn(body=given, given=given)
    fields = {name: value for name, value in given.items() if name not in {PREVIOUS, CONVERSATION}}
    added = listed_input(given.get("input"))
    return GoingOn(
        body=fields | {"input": [*before.items, *added]},
        given=given,
        previous=previous,
        conversation=conversation,
        history=before.items,
        ancestors=before.ancestors,
    )


async def keep(going: GoingOn, response: JsonObject, user_id: int) -> bool:
    """Keep a ``response`` that has come to its end, as its request wants it.

    False if it was to be kept and cannot be. Raises nothing: its client is to have it anyway.
    """
    kept = KeptResponse(response=response, input=going.own_input(), ancestors=going.ancestors)
    is_kept = not going.is_kept or await own_responses.keep(user_id, kept)
    return await add_to_conversation(going, response, user_id) and is_kept


async def add_to_conversation(going: GoingOn, response: JsonObject, user_id: int) -> bool:
    """Put what was asked and said at the end of the request's conversation, if it has one.

    False where it cannot be kept.
    """
    if not going.conversation:
        return True
    output = KeptResponse(response=response, input=[]).output
    said = stored_items(output, new_id=new_item_id)
    added = [*going.own_input(), *said]
    return await conversations.try_to_add(user_id, going.conversation, added)


async def _before(user_id: int, previous: str, conversation: str) -> History:
    if conversation:
        items = await conversations.all_items(user_id, conversation)
        return History(items=items, ancestors=())
    if previous:
        return await own_responses.history(user_id, previous)
    return History(items=[], ancestors=())


async def _with_items(body: JsonObject, user_id: int, before: list[JsonObject]) -> JsonObject:
    """``body`` with the items themselves where it refers to some by their ids."""
    given = body.get("input")
    known = {item.get("id"): item for item in before}
    if not isinstance(given, list) or not (known or ids_to_look_up(given)):
        return body
    missing = ids_to_look_up(given) - known.keys()
    found = await own_responses.items(user_id, missing) if missing else {}
    return body | {"input": with_items(given, known=known, found=found)}


def _conversation_id(value: Any) -> str:
    """The id of a conversation that the gateway keeps; empty for any other."""
    match value:
        case {"id": id_}:
            return id_ if is_own(id_) else ""
        case _:
            return value if is_own(value) else ""
