"""Who is next among those who wait: deficit round robin over classes, and over keys in each.

::

    interactive (4) ─┬─ key a: 1 1 1 1        A turn of a class or a key adds its quantum to its
                     └─ key b: 1              deficit; it is served while the next one's cost
    normal (2) ──────── key c: 3 1            is in the deficit, and goes to the end then.
    batch (1) ───────── key a: 1 1 1

While all three classes wait, 7 of cost are served as 4, 2 and 1: batch never starves.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

MOST_COST = 16  # bounds the turns that one request needs

Name = TypeVar("Name", bound=Hashable)
Item = TypeVar("Item")


class Priority(StrEnum):
    INTERACTIVE = "interactive"
    NORMAL = "normal"
    BATCH = "batch"


QUANTA = {Priority.INTERACTIVE: 4, Priority.NORMAL: 2, Priority.BATCH: 1}


class Place(NamedTuple):
    """Where an item waits: keys of one class get equal parts of it.

    ``cost`` says how many ordinary requests it is worth, and is kept within 1 and 16.
    """

    key: str
    priority: Priority = Priority.NORMAL
    cost: int = 1


class _Turns(Generic[Name]):
    """The order of names, each with its deficit. The first one's turn goes on."""

    __slots__ = ("_deficits",)

    def __init__(self) -> None:
        self._deficits: OrderedDict[Name, int] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._deficits)

    def join(self, name: Name, quantum: int) -> None:
        self._deficits.setdefault(name, quantum)

    def leave(self, name: Name) -> None:
        del self._deficits[name]

    @property
    def first(self) -> Name:
        return next(iter(self._deficits))

    def can_pay(self, name: Name, cost: int) -> bool:
        return cost <= self._deficits[name]

    def pay(self, name: Name, cost: int) -> None:
        self._deficits[name] -= cost

    def pass_on(self, name: Name, quantum: int) -> None:
        """``quantum`` is added for its next turn."""
        self._deficits[name] += quantum
        self._deficits.move_to_end(name)


class _Keys(Generic[Item]):
    """The keys of one class, and what waits for each, first come, first served."""

    __slots__ = ("_turns", "_waiting")

    def __init__(self) -> None:
        self._turns: _Turns[str] = _Turns()
        self._waiting: dict[str, deque[tuple[Item, int]]] = {}

    def __bool__(self) -> bool:
        return bool(self._turns)

    def add(self, item: Item, key: str, cost: int) -> None:
        self._turns.join(key, 1)
        self._waiting.setdefault(key, deque()).append((item, cost))

    def remove(self, item: Item, key: str, cost: int) -> None:
        self._waiting[key].remove((item, cost))
        self._leave_if_empty(key)

    def next_cost(self) -> int:
        """What the next one costs. Turns are passed on until one key can pay."""
        while True:
            key = self._turns.first
            cost = self._waiting[key][0][1]
            if self._turns.can_pay(key, cost):
                return cost
            self._turns.pass_on(key, 1)

    def pick(self) -> Item:
        cost = self.next_cost()
        key = self._turns.first
        self._turns.pay(key, cost)
        item, _ = self._waiting[key].popleft()
        self._leave_if_empty(key)
        return item

    def _leave_if_empty(self, key: str) -> None:
        if not self._waiting[key]:
            del self._waiting[key]
            self._turns.leave(key)


class FairOrder(Generic[Item]):
    """Items that are compared by what they are, each in one place."""

    __slots__ = ("_classes", "_number", "_turns")

    def __init__(self) -> None:
        self._classes: dict[Priority, _Keys[Item]] = {one: _Keys() for one in Priority}
        self._turns: _Turns[Priority] = _Turns()
        self._number = 0

    def __len__(self) -> int:
        return self._number

    def add(self, item: Item, place: Place) -> None:
        self._turns.join(place.priority, QUANTA[place.priority])
        self._classes[place.priority].add(item, place.key, _cost(place))
        self._number += 1

    def remove(self, item: Item, place: Place) -> None:
        """Raises ``KeyError`` or ``ValueError`` if it does not wait there."""
        self._classes[place.priority].remove(item, place.key, _cost(place))
        self._took_from(place.priority)

    def pick(self) -> Item:
        """Take the next one out. Raises ``StopIteration`` if nothing waits."""
        while True:
            priority = self._turns.first
            cost = self._classes[priority].next_cost()
            if self._turns.can_pay(priority, cost):
                break
            self._turns.pass_on(priority, QUANTA[priority])
        self._turns.pay(priority, cost)
        item = self._classes[priority].pick()
        self._took_from(priority)
        return item

    def _took_from(self, priority: Priority) -> None:
        self._number -= 1
        if not self._classes[priority]:
            self._turns.leave(priority)


def _cost(place: Place) -> int:
    return min(max(place.cost, 1), MOST_COST)
