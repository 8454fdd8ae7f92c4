"""All targets of a snapshot, by every id they are called by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import orjson

from models_registry.patterns import PatternIndex, positions_set
from models_registry.targets import Target
from resilience.route import TargetKey

LARGEST_RENDERED_BYTES = 64 * 2**20  # of all lists that a worker keeps ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Several connections answer to ``model_id``. The first of ``targets`` serves it."""

    model_id: str
    targets: tuple[Target, ...]


class Catalogue:
    """``targets`` come in order of priority; sets of them are numbers, one bit for each position.

    A target answers to its public id and to the one that names its connection; one of a route, to
    that of the route alone. Where a public id looks like the qualified id of another connection's
    model, that connection comes first, since a qualified id always leads where it says.

    ``taken`` are the ids of routes with targets: nothing else answers to them.
    """

    def __init__(self, targets: Sequence[Target], *, taken: Collection[str] = ()) -> None:
        self.targets = tuple(targets)
        self._taken = taken
        self._qualified = {t.qualified_id: n for n, t in enumerate(self.targets) if not t.is_routed}
        self._public: dict[str, tuple[int, ...]] = {}
        for position in self._by_order():
            public_id = self.targets[position].public_id
            if public_id in self._by_public_id:
                self._public.setdefault(public_id, self._positions_of(public_id))
        self._rendered = RenderedLists()

    def _by_order(self) -> list[int]:
        """The positions as lists show them: what an admin has put in order, then the others."""

        def order(position: int) -> tuple[bool, int]:
            given = self.targets[position].registration.order
            return given is None, given or 0

        return sorted(range(len(self.targets)), key=order)

    def _positions_of(self, public_id: str) -> tuple[int, ...]:
        positions = self._by_public_id[public_id]
        qualified = self._qualified.get(public_id)
        return positions if qualified is None else tuple(dict.fromkeys((qualified, *positions)))

    @cached_property
    def _by_public_id(self) -> dict[str, tuple[int, ...]]:
        positions: dict[str, tuple[int, ...]] = {}
        for position, target in enumerate(self.targets):
            if target.is_routed or target.public_id not in self._taken:
                positions[target.public_id] = (*positions.get(target.public_id, ()), position)
        return positions

    @cached_property
    def by_key(self) -> dict[TargetKey, tuple[int, ...]]:
        """Where each model of a connection is: as the connection offers it, and as routes do."""
        positions: dict[TargetKey, tuple[int, ...]] = {}
        for position, target in enumerate(self.targets):
            positions[target.key] = (*positions.get(target.key, ()), position)
        return positions

    @cached_property
    def everything(self) -> int:
        """The set of all targets."""
        return (1 << len(self.targets)) - 1

    @cached_property
    def for_chat(self) -> int:
        """The set of those that chat."""
        chatting = (n for n, target in enumerate(self.targets) if target.is_chat)
        return positions_set(chatting, len(self.targets))

    @cached_property
    def patterns(self) -> PatternIndex:
        """Patterns are held against every id of a target."""
        names = {(each, n) for n, t in enumerate(self.targets) for each in t.granted_ids}
        return PatternIndex(names, len(self.targets))

    @cached_property
    def collisions(self) -> tuple[Collision, ...]:
        """Every public id that several targets answer to, though no route says so."""
        return tuple(
            Collision(model_id=public_id, targets=targets)
            for public_id, targets in self.routes()
            if len(targets) > 1 and not targets[0].is_routed
        )

    def positions(self, model_id: str) -> tuple[int, ...]:
        """Where the targets of ``model_id`` are, in the order to try them."""
        known = self._public.get(model_id)
        if known is not None:
            return known
        qualified = self._qualified.get(model_id)
        return () if qualified is None else (qualified,)

    def is_qualified(self, model_id: str) -> bool:
        """Whether ``model_id`` names the connection of a model, which comes first then."""
        return model_id in self._qualified

    def routes(self) -> Iterator[tuple[str, tuple[Target, ...]]]:
        """Every public id with all targets that answer to it, in the order of the list."""
        for public_id, positions in self._public.items():
            yield public_id, tuple(self.targets[position] for position in positions)

    def listed(self, chosen: int) -> Iterator[tuple[str, Target]]:
        """Every public id with the first of its targets that is in the set ``chosen``."""
        size = len(self.targets)
        flags = bin(chosen | 1 << size)[:2:-1]  # going through a string of bits is faster
        for public_id, positions in self._public.items():
            for position in positions:
                if flags[position] == "1":
                    yield public_id, self.targets[position]
                    break

    def rendered(self, chosen: int) -> bytes:
        """The list of models for those who may use the set ``chosen``, as JSON."""
        known = self._rendered.get(chosen)
        if known is None:
            entries = (rendered_as(model_id, target) for model_id, target in self.listed(chosen))
            known = rendered_list(entries)
            self._rendered.put(chosen, known)
        return known


def rendered_list(entries: Iterable[bytes]) -> bytes:
    """OpenAI's list of ``entries``, each rendered already."""
    return b'{"object":"list","data":[' + b",".join(entries) + b"]}"


class RenderedLists:
    """The lists that were asked for last, as many as fit."""

    def __init__(self, limit: int = LARGEST_RENDERED_BYTES) -> None:
        self._limit = limit
        self._lists: OrderedDict[int, bytes] = OrderedDict()
        self._size = 0

    def get(self, chosen: int) -> bytes | None:
        found = self._lists.get(chosen)
        if found is not None:
            self._lists.move_to_end(chosen)
        return found

    def put(self, chosen: int, rendered: bytes) -> None:
        self._lists[chosen] = rendered
        self._size += len(rendered)
        while self._size > self._limit and len(self._lists) > 1:
            _, oldest = self._lists.popitem(last=False)
            self._size -= len(oldest)


def rendered_as(model_id: str, target: Target) -> bytes:
    """The entry of ``target`` under one of its ids."""
    if model_id == target.public_id:
        return target.rendered
    return orjson.dumps(target.entry | {"id": model_id})
