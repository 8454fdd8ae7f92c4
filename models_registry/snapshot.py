"""Everything a request needs to know about models, resolved beforehand and never changed.

A snapshot is built off the hot path and swapped whole. What a caller may use is a :class:`View` of
it: a set of targets. Callers with the same set are shown the same bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

import orjson

from accounts.caller import Caller
from connections.calling.open_connection import OpenConnection
from connections.configuration.options import Options
from connections.hops import PATH_FIELD, own_id
from models_registry.catalogue import Catalogue, rendered_as, rendered_list
from models_registry.grants import Access, Grants
from models_registry.patterns import positions_set
from models_registry.targets import Target
from resilience.route import NO_ROUTES, Route, Routes, TargetKey
from wire_formats.json_types import JsonObject


class View(NamedTuple):
    """The models one caller may use: those at the positions in the set ``usable``."""

    catalogue: Catalogue
    usable: int

    def for_chat(self) -> View:
        """The models that can chat."""
        return View(catalogue=self.catalogue, usable=self.usable & self.catalogue.for_chat)

    def route(self, model_id: str) -> tuple[Target, ...]:
        """The targets of ``model_id`` in the order to try them; empty if there are none to use."""
        targets = tuple(
            self.catalogue.targets[position]
            for position in self.catalogue.positions(model_id)
            if self.usable >> position & 1
        )
        if len(targets) > 1 and self.catalogue.is_qualified(model_id):
            return _in_this_order(targets)
        return targets

    def way_to(self, key: TargetKey) -> Target | None:
        """A target with ``key`` by any id of it; None if the caller may not use it."""
        for position in self.catalogue.by_key.get(key, ()):
            if self.usable >> position & 1:
                return self.catalogue.targets[position]
        return None

    @property
    def rendered(self) -> bytes:
        """The list of these models as clients get it. Made at the first call for such a set."""
        return self.catalogue.rendered(self.usable)

    def rendered_of(self, url_index: int) -> bytes:
        """The models that one connection offers, whichever connection serves them."""
        return rendered_list(
            target.rendered
            for position, target in enumerate(self.catalogue.targets)
            if target.connection.upstream.url_index == url_index
            and self.usable >> position & 1
            and not target.is_routed
        )

    @property
    def rendered_for_gateway(self) -> bytes:
        """The list with the gateways that a call of each model passes."""
        return rendered_list(
            with_path(rendered_as(model_id, target), target) for model_id, target in self.listed()
        )

    def beside(self, gateways: Collection[str]) -> View:
        """The models whose calls pass none of ``gateways``."""
        targets = self.catalogue.targets
        passing = (n for n, t in enumerate(targets) if not set(t.path).isdisjoint(gateways))
        usable = self.usable & ~positions_set(passing, len(targets))
        return View(catalogue=self.catalogue, usable=usable)

    def listed(self) -> list[tuple[str, Target]]:
        """The ids of the list in its order, each with the target that serves it."""
        return list(self.catalogue.listed(self.usable))

    def entries(self) -> list[JsonObject]:
        """The entries of the list."""
        return [t.entry | {"id": model_id} for model_id, t in self.catalogue.listed(self.usable)]

    def entry(self, model_id: str) -> JsonObject | None:
        """One model under any of its ids; None if the caller may not use it."""
        targets = self.route(model_id)
        return targets[0].entry | {"id": model_id} if targets else None


def _in_this_order(targets: tuple[Target, ...]) -> tuple[Target, ...]:
    """``targets`` with the first in no later tier than the others, whatever its priority is."""
    first, *others = targets
    tier = min(target.tier for target in others)
    return targets if first.tier <= tier else (replace(first, tier=tier), *others)


def with_path(rendered: bytes, target: Target) -> bytes:
    """The entry of ``target`` with the gateways that a call of it passes, this one first."""
    return rendered[:-1] + b"," + orjson.dumps({PATH_FIELD: [own_id(), *target.path]})[1:]


class Snapshot:
    """``targets`` come in order of priority, so the first of an id is the one that serves it.

    Those that a route leads to come behind, in the order of the route.
    """

    def __init__(
        self,
        *,
        targets: Sequence[Target],
        grants: Grants,
        options: Options,
        connections: tuple[OpenConnection, ...],
        routes: Routes = NO_ROUTES,
    ) -> None:
        taken = {model_id for model_id, route in routes.by_model.items() if route.targets}
        self.catalogue = Catalogue(targets, taken=taken)
        self.routes = routes
        self.options = options
        self.connections = connections
        self._access = Access(grants, self.catalogue.patterns)
        # Rendered in advance: staff see this list, and all users where access is not controlled.
        self.catalogue.rendered(self.catalogue.everything & self.catalogue.for_chat)

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.catalogue.targets

    def route_of(self, model_id: str) -> Route:
        """How calls of ``model_id`` reach a target; without a route, the first serves."""
        return self.routes.of(model_id)

    def view(self, caller: Caller) -> View:
        """The models of ``caller``. The patterns of a key hold for staff, too."""
        sees_all = caller.is_staff or self.options.bypass_model_access_control
        usable = self.catalogue.everything if sees_all else self._access.of(caller)
        if caller.model_patterns:
            usable &= self.catalogue.patterns.covered_by(caller.model_patterns)
        return View(catalogue=self.catalogue, usable=usable)
