"""The offer of a connection: one target for each model, with its entry for clients."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import orjson

from connections.calling.open_connection import OpenConnection
from connections.choices import Provider
from connections.hops import PATH_FIELD, path_of
from connections.rules.model_ids import is_model_id
from connections.upstream import Upstream
from models_registry.listings import Listing
from models_registry.pipelines_filters import PipelinesFilter, filters_of
from models_registry.registration import AS_LISTED, Registration
from resilience.route import TargetKey
from wire_formats.endpoints import OWN_PARAMETERS
from wire_formats.families import family_of
from wire_formats.family import Family
from wire_formats.json_types import JsonObject

# OpenAI lists every model it has; those named so cannot chat.
NOT_FOR_CHAT = ("babbage", "dall-e", "davinci", "embedding", "tts", "whisper")

LARGEST_TIMESTAMP = 2**53  # what every JSON reader takes for a whole number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """One model of one upstream. ``model`` is the upstream's name of it.

    ``rendered`` is its entry in lists of models, as JSON: bytes cost the garbage collector nothing,
    and are ready to be joined. ``is_chat`` is false for what the official API lists for its other
    endpoints. ``filters`` are those that its chats pass, in order. ``awaits_filters_of`` names a
    connection that may have more of them, and has not told of any yet. ``path`` are the gateways
    behind the connection that a call passes, by their ids. ``tier`` is the priority of the
    connection. ``is_routed``: a route has given it ``public_id``, ``tier`` and ``weight``, and it
    is called by no other id. ``key`` is the same for every way to this model of this connection.
    ``is_aside``: it is asked for something that is no work of the model, such as a response that
    it made long ago. The model's limits do not hold such a request up, and what becomes of it is
    held against no key and no model.
    """

    connection: OpenConnection
    model: str
    public_id: str
    rendered: bytes = field(repr=False)
    is_chat: bool = True
    is_stale: bool = False
    registration: Registration = field(default=AS_LISTED, repr=False)
    filters: tuple[PipelinesFilter, ...] = ()
    awaits_filters_of: str = ""
    path: tuple[str, ...] = ()
    tier: int = 1
    weight: int = 1
    is_routed: bool = False
    is_aside: bool = False
    key: TargetKey = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.connection.upstream.id, self.model))

    @property
    def granted_ids(self) -> tuple[str, ...]:
        """The ids that patterns of grants and keys are held against."""
        return (self.public_id,) if self.is_routed else (self.public_id, self.qualified_id)

    @property
    def qualified_id(self) -> str:
        """The id that names the connection too, and so never collides."""
        return f"{self.connection.upstream.name}/{self.model}"

    @property
    def entry(self) -> JsonObject:
        """The model as lists show it."""
        entry: JsonObject = orjson.loads(self.rendered)
        return entry

    @property
    def is_reasoning(self) -> bool | None:
        """The model's family as an admin set it; None if the name decides."""
        return self.registration.is_reasoning

    @property
    def family(self) -> Family:
        """What is known of the model's family, by its name and from an admin."""
        return family_of(self.model, self.registration.family_facts)

    def body(self, body: JsonObject, endpoint: str) -> JsonObject:
        """``body`` with the admin's default parameters where the client gave none."""
        return body if endpoint in OWN_PARAMETERS else self.registration.with_defaults(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOffer:
    """The offer of one connection: models, and the filters of a pipelines server."""

    targets: tuple[Target, ...]
    filters: tuple[PipelinesFilter, ...] = ()


def offer_of(
    connection: OpenConnection, listing: Listing, registrations: Mapping[str, Registration]
) -> ModelOffer:
    """The offer of ``connection``; ``registrations`` are by upstream model.

    A model that is listed twice counts once; one that nobody could call is left out.
    """
    targets: list[Target] = []
    for model in offered_models(connection.upstream, listing).values():
        registration = registrations.get(model["id"], AS_LISTED)
        if connection.adapter.offers(model) and not registration.is_hidden:
            targets += _target(connection, model, registration, is_stale=listing.is_stale)
    return ModelOffer(targets=tuple(targets), filters=tuple(filters_of(connection, listing)))


def filtered(
    targets: list[Target],
    filters: Sequence[PipelinesFilter],
    *,
    awaited: str = "",
    routed_ids: Mapping[TargetKey, Collection[str]] = MappingProxyType({}),
) -> list[Target]:
    """``targets``, each with those of ``filters`` that are for it, lowest priority number first.

    ``awaited`` is the connection whose filters nobody knows yet, if there is one. ``routed_ids``
    are the ids of the routes that lead to a target.
    """
    if not filters and not awaited:
        return targets
    in_order = sorted(filters, key=lambda each: each.priority)
    return [
        replace(
            target,
            filters=tuple(
                each
                for each in in_order
                if each.is_for(*_ids_of(target), *routed_ids.get(target.key, ()))
            ),
            awaits_filters_of=awaited,
        )
        for target in targets
    ]


def _ids_of(target: Target) -> tuple[str, ...]:
    """Every id a model may be known by, so that no name of it leads around its filters."""
    own_id = target.connection.upstream.public_id(target.model)
    return target.public_id, target.qualified_id, own_id, target.model


def offered_models(upstream: Upstream, listing: Listing) -> dict[str, JsonObject]:
    """The upstream's own objects by their ids: what it lists, or of that what the admin names.

    A model that the admin names is offered even if the upstream does not list it.
    """
    listed: dict[str, JsonObject] = {}
    for model in listing.models:
        listed.setdefault(model["id"], model)
    if not upstream.model_ids:
        return listed
    return {
        model_id: listed.get(model_id, {"id": model_id, "object": "model"})
        for model_id in upstream.model_ids
    }


def _target(
    connection: OpenConnection, model: JsonObject, registration: Registration, *, is_stale: bool
) -> Iterable[Target]:
    upstream = connection.upstream
    public_id = registration.public_id or upstream.public_id(model["id"])
    if is_model_id(public_id) and is_model_id(f"{upstream.name}/{model['id']}"):
        entry = _entry(connection, model, public_id) | registration.shown_fields(upstream.tags)
        yield Target(
            connection=connection,
            model=model["id"],
            public_id=public_id,
            rendered=orjson.dumps(entry | {"stale": True} if is_stale else entry),
            is_chat=registration.is_chat or not _is_not_for_chat(upstream, model["id"]),
            is_stale=is_stale,
            registration=registration,
            path=path_of(model),
            tier=upstream.priority,
        )


def _entry(connection: OpenConnection, model: JsonObject, public_id: str) -> JsonObject:
    """A model as ``/v1/models`` shows it: OpenAI's fields, then what Open WebUI adds."""
    upstream = connection.upstream
    if PATH_FIELD in model:  # for gateways, who are told of their own path
        model = {name: value for name, value in model.items() if name != PATH_FIELD}
    name = model.get("name")
    return model | {
        "id": public_id,
        "object": "model",
        "created": _timestamp(model.get("created")),
        "owned_by": connection.adapter.owned_by,
        "name": name if isinstance(name, str) and name else public_id,
        "openai": model,
        "connection_type": upstream.connection_type,
        "urlIdx": upstream.url_index,
        "tags": list(upstream.tags),
    }


def _timestamp(value: Any) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < LARGEST_TIMESTAMP else 0


def _is_not_for_chat(upstream: Upstream, model: str) -> bool:
    return upstream.provider == Provider.OPENAI and any(part in model for part in NOT_FOR_CHAT)
