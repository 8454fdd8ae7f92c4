"""The filters of pipelines servers: which they are, and which models' requests pass them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connections.calling.open_connection import OpenConnection
from connections.providers.pipelines import PipelinesAdapter
from models_registry.listings import Listing

EVERY_MODEL = "*"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PipelinesFilter:
    """``models`` are the ids it is for, or ``*`` for all. A lower ``priority`` is called first."""

    connection: OpenConnection
    id: str
    priority: float
    models: frozenset[str]

    def is_for(self, *ids: str) -> bool:
        """Whether it names a model with any of ``ids``."""
        return not self.models.isdisjoint((EVERY_MODEL, *ids))


def has_filters(connection: OpenConnection) -> bool:
    """Whether the connection leads to where filters are: which, its list of models tells."""
    return isinstance(connection.adapter, PipelinesAdapter)


def filters_of(connection: OpenConnection, listing: Listing) -> list[PipelinesFilter]:
    """The filters a connection has: none, unless it leads to a pipelines server."""
    adapter = connection.adapter
    if not isinstance(adapter, PipelinesAdapter):
        return []
    return [
        PipelinesFilter(
            connection=connection,
            id=entry["id"],
            priority=_number(pipeline.get("priority")),
            models=_texts(pipeline.get("pipelines")),
        )
        for entry in listing.models
        if (pipeline := adapter.filter_of(entry)) is not None
    ]


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) else 0


def _texts(value: Any) -> frozenset[str]:
    items = value if isinstance(value, list) else ()
    return frozenset(each for each in items if isinstance(each, str))
