"""How long the keys of a pool rest, and for which model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connections.auth.key_states import KeyState

TRIAL_SECONDS = 30.0  # for a dead key that was handed out again to be heard of

Place = tuple[str, str | None]  # the key's id, and the model; None is every model


@dataclass(slots=True, kw_only=True)
class Rest:
    """``until`` is on the clock of the pool."""

    until: float
    state: KeyState
    reason: str
    is_on_trial: bool = False


class KeyRests:
    """The rests of one pool. Falsy while no key rests.

    The rest of a dead key outlasts its end: the key is handed out once, and what becomes of that
    request decides.
    """

    def __init__(self) -> None:
        self._rests: dict[Place, Rest] = {}
        self._soonest = float("inf")  # no cooling ends earlier

    def __bool__(self) -> bool:
        return bool(self._rests)

    def of(self, key_id: str, model: str | None) -> Rest | None:
        return self._rests.get((key_id, model))

    def put(self, key_id: str, model: str | None, rest: Rest) -> None:
        """Take the place of an earlier rest."""
        self._rests[key_id, model] = rest
        if rest.state is KeyState.COOLING:
            self._soonest = min(self._soonest, rest.until)

    def until(self, key_id: str, model: str) -> float:
        """When the key can be used for ``model``; 0 if it does not rest."""
        rests = self._rests
        return max(
            rest.until if (rest := rests.get((key_id, None))) is not None else 0.0,
            rest.until if (rest := rests.get((key_id, model))) is not None else 0.0,
        )

    def begin_trial(self, key_id: str, now: float) -> None:
        """Keep a dead key from further requests while one tries it; others are left alone."""
        rest = self._rests.get((key_id, None))
        if rest is not None and rest.state is KeyState.DEAD:
            rest.is_on_trial, rest.until = True, now + TRIAL_SECONDS

    def drop_ended(self, now: float) -> None:
        """Forget coolings that are over."""
        if now < self._soonest:
            return
        kept = {
            place: rest
            for place, rest in self._rests.items()
            if rest.until > now or rest.state is KeyState.DEAD
        }
        self._rests = kept
        cooling = (rest.until for rest in kept.values() if rest.state is KeyState.COOLING)
        self._soonest = min(cooling, default=float("inf"))

    def drop(self, key_id: str, model: str | None) -> None:
        """End one rest."""
        self._rests.pop((key_id, model), None)

    def forget(self, key_id: str) -> bool:
        """End all rests of the key; False if there are none."""
        places = [place for place in list(self._rests) if place[0] == key_id]
        for place in places:
            self._rests.pop(place, None)
        return bool(places)

    def each(self, key_id: str) -> Iterator[tuple[str | None, Rest]]:
        """The rests of a key with their models."""
        for (id_, model), rest in list(self._rests.items()):
            if id_ == key_id:
                yield model, rest

    def take_over(self, key_id: str, other: KeyRests) -> None:
        """Have the key rest as it does in ``other``."""
        for model, rest in other.each(key_id):
            self.put(key_id, model, replace(rest))
