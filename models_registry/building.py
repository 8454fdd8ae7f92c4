"""Building snapshots in a thread, at the cost of what has changed."""

from __future__ import annotations

from collections.abc import Mapping

from connections.calling.open_connection import OpenConnection
from models_registry.listings import Listing
from models_registry.loader import Configuration
from models_registry.pipelines_filters import has_filters
from models_registry.registration import Registration
from models_registry.routed import routed, routed_ids
from models_registry.snapshot import Snapshot
from models_registry.targets import ModelOffer, filtered, offer_of

Registrations = Mapping[str, Registration]


class SnapshotBuilder:
    """Remembers what each connection offered last, and on what grounds. One build at a time."""

    def __init__(self) -> None:
        self._offers: dict[OpenConnection, tuple[Listing, Registrations, ModelOffer]] = {}

    def build(
        self, configuration: Configuration, listings: Mapping[OpenConnection, Listing]
    ) -> Snapshot:
        """``listings`` come in order of priority. Takes its time; call it from a thread."""
        self._offers = {
            connection: self._offer(
                connection, listing, configuration.registrations.get(connection.upstream.id, {})
            )
            for connection, listing in listings.items()
        }
        offers = [offer for _, _, offer in self._offers.values()]
        routes = configuration.routes
        targets = filtered(
            [target for offer in offers for target in offer.targets],
            [each for offer in offers for each in offer.filters],
            awaited=_awaited(listings),
            routed_ids=routed_ids(routes),
        )
        return Snapshot(
            targets=[*targets, *routed(targets, routes)],
            grants=configuration.grants,
            options=configuration.options,
            connections=tuple(listings),
            routes=routes,
        )

    def _offer(
        self, connection: OpenConnection, listing: Listing, registrations: Registrations
    ) -> tuple[Listing, Registrations, ModelOffer]:
        known = self._offers.get(connection)
        if known and known[0].says_the_same_as(listing) and known[1] == registrations:
            return known
        return listing, registrations, offer_of(connection, listing, registrations)


def _awaited(listings: Mapping[OpenConnection, Listing]) -> str:
    """A connection that has filters and never told which; empty if there is none."""
    unheard = (connection for connection, listing in listings.items() if listing.is_unheard)
    return next((connection.upstream.name for connection in unheard if has_filters(connection)), "")
