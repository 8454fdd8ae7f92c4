"""Whether a caller may refer to what a request refers to, and which targets can serve it then."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus

from accounts.caller import Caller
from accounts.changes import DATABASE_ERRORS
from infrastructure.outages import Cause, outages
from models_registry.targets import Target
from proxy.client_side.errors import (
    AnsweredError,
    ApiError,
    InvalidRequestError,
    RequestTooComplexError,
    ThreadNotFoundError,
)
from proxy.references.further_models import renamed, upstream_name
from proxy.references.reading import NONE, Reference, References, references_in
from proxy.references.stored_responses import stored_responses
from proxy.references.stored_rows import StoredReference
from wire_formats.json_types import JsonObject

MOST_ITEMS = 1000
OWNERS = Cause(
    lost="Requests that refer to stored responses are answered 503 store_unavailable, as the "
    "database cannot be asked for their owners",
    back="The database can be asked for the owners of stored responses again",
)
MOST_FIELDS_AT_ONCE = 5_000  # about 20 ms of the event loop on a slow machine
NO_CONVERSATIONS = (
    "Conversations of upstreams are not kept apart by user here. Make one by "
    "`POST /v1/conversations`, or use `previous_response_id`."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The ``targets`` that can serve a request, in order.

    ``bodies`` are the requests of those targets that know a model by another name.
    """

    targets: tuple[Target, ...]
    bodies: Mapping[Target, JsonObject] = field(default_factory=dict, repr=False)

    def body(self, target: Target, body: JsonObject) -> JsonObject:
        """``body`` as ``target`` is to get it."""
        return self.bodies.get(target, body)


async def permitted(
    body: JsonObject,
    targets: tuple[Target, ...],
    caller: Caller,
    *,
    has_items_of_its_own: bool = False,
) -> Permitted:
    """Those of ``targets`` that may be sent ``body`` for ``caller``, with their names of models.

    All surfaces ask here before anything is sent. Earlier responses and their items must be the
    caller's, and lead to the connection that keeps them; objects of the account are for
    connections that share them; further models must be the caller's to use, and be served by the
    same connection. ``has_items_of_its_own``: items belong to the socket and not to an account, as
    those of a realtime session do. Raises ``ApiError``, which names the field.
    """
    try:
        found = references_in(body, most=MOST_FIELDS_AT_ONCE)
    except RequestTooComplexError:  # very many fields are read by a thread
        found = await asyncio.to_thread(references_in, body)
    if found is NONE:
        return Permitted(targets=targets)
    if has_items_of_its_own:
        found = replace(found, items=())
    targets = await owned(found, targets, caller)
    if not found.has_models:
        return Permitted(targets=targets)
    return await asyncio.to_thread(with_models, body, targets, caller)


async def owned(
    found: References, targets: tuple[Target, ...], caller: Caller
) -> tuple[Target, ...]:
    """Those of ``targets`` where all that is ``found`` may be referred to."""
    for reference in found.objects:
        targets = tuple(
            target for target in targets if target.connection.upstream.shares_account_objects
        )
        if not targets:
            raise not_owned(reference)
    made = (*found.items, *found.containers)
    if not (found.responses or found.threads or made):
        return targets
    if len(made) > MOST_ITEMS:
        raise InvalidRequestError(
            f"`input` must refer to at most {MOST_ITEMS} items.", param="input"
        )
    references = (*found.responses, *found.threads, *made)
    stored = await looked_up(caller, {it.value for it in references if isinstance(it.value, str)})
    for reference in (*found.responses, *found.threads):
        targets = _storing(stored, reference, targets)
        if not targets:
            raise previous_not_found(reference, is_thread=reference in found.threads)
    for reference in made:
        sharing = (t for t in targets if t.connection.upstream.shares_account_objects)
        targets = _storing(stored, reference, targets) or tuple(sharing)
        if not targets:
            raise not_owned(reference)
    return targets


def with_models(body: JsonObject, targets: tuple[Target, ...], caller: Caller) -> Permitted:
    """``targets`` that serve all models that ``body`` names. Raises ``ApiError`` for none."""
    bodies: dict[Target, JsonObject] = {}
    failure: ApiError | None = None
    for target in targets:
        try:
            bodies[target] = renamed(body, partial(upstream_name, target=target, caller=caller))
        except ApiError as exc:
            failure = failure or exc
    if failure is not None and not bodies:
        raise failure
    return Permitted(targets=tuple(bodies), bodies=bodies)


async def looked_up(caller: Caller, ids: set[str]) -> dict[str, StoredReference]:
    """The responses, items and containers among ``ids`` that upstreams keep for ``caller``.

    Raises ``ApiError`` when the database does not answer.
    """
    try:
        with outages.told(OWNERS, *DATABASE_ERRORS):
            return await stored_responses.find_all(caller.user_id, ids)
    except DATABASE_ERRORS as exc:
        raise AnsweredError(
            "The owner of this response cannot be looked up at the moment. Try again shortly.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            kind="server_error",
            code="store_unavailable",
        ) from exc


def owner_name(caller: Caller) -> str:
    """The owner of a recorded stream: the same user with the same key may read it."""
    return caller.owner


def _storing(
    stored: Mapping[str, StoredReference], reference: Reference, targets: tuple[Target, ...]
) -> tuple[Target, ...]:
    """Those of ``targets`` whose connection stores what ``reference`` names."""
    found = stored.get(reference.value) if isinstance(reference.value, str) else None
    return tuple(t for t in targets if found and t.connection.upstream.id == found.connection_id)


def previous_not_found(reference: Reference, *, is_thread: bool = False) -> ApiError:
    if is_thread:
        return ThreadNotFoundError(reference.place)
    return InvalidRequestError(
        f"Previous response with id '{str(reference.value)[:200]}' not found.",
        param=reference.place,
        code="previous_response_not_found",
    )


def not_owned(reference: Reference) -> ApiError:
    place = reference.place
    if reference.is_address:
        message = f"`{place}` must be a URL of `http`, `https` or `data`."
    elif place == "conversation":
        message = NO_CONVERSATIONS
    else:
        message = (
            f"`{place}` is not an object of yours: it belongs to the account that all users of the "
            "connection share."
        )
    return InvalidRequestError(message, param=place, code="object_not_owned")
