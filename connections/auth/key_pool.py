"""The keys of one connection: which of them signs a request, and which rest after a refusal.

    ok ◄── end ──── cooling ◄── cool: 429, 402
    ok ──► dead ◄── kill: 401, 403
            │ after 15 minutes
            ▼
           handed out to one request ── succeeded, taken ──► ok
            └── killed again, or nothing heard for 30 s ──► dead

``revive`` makes a key ok at once. A key cools for one model, or for every one where the account is
out of money. A pool belongs to the event loop; ``revive`` and ``reports`` can be called on any
thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from connections.auth.key_rests import KeyRests, Rest
from connections.auth.key_states import KeyChange, KeyReport, KeyState
from connections.upstream import UpstreamKey

SHORTEST_SECONDS = 1.0
LONGEST_SECONDS = 900.0
LONGEST_DOUBLED_SECONDS = 60.0
DEAD_SECONDS = 900.0
MOST_DOUBLINGS = 10


class KeyPool:
    """Hands out keys in turn, by weight. A key of weight 0 is for when no other is ok.

    A key that cannot be sent, such as one whose environment variable is not set, is handed out
    last. The authentication strategy then reports the cause.
    """

    def __init__(
        self, keys: tuple[UpstreamKey, ...], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.all = keys
        self.on_change: Callable[[KeyChange], None] | None = None
        self._keys = tuple(key for key in keys if key.is_sendable) or keys
        is_alone = len(self._keys) == 1 and not self._keys[0].model_patterns
        self._only = self._keys[0] if is_alone else None
        self._clock = clock
        self.rests = KeyRests()
        self.doublings: dict[tuple[str, str | None], int] = {}
        self._credits = {key.id: 0 for key in self._keys}

    def usable(self, model: str, tried: Collection[str] = ()) -> UpstreamKey | None:
        """The next key that is ok for ``model`` and whose id is not among ``tried``; None if none.

        ``model`` is the upstream's name of it, empty for a request that names none.
        """
        if self._only is not None and not self.rests and not tried:
            return self._only
        keys = [key for key in self._keys if key.id not in tried and key.serves(model)]
        if not self.rests:
            return self._next_of(keys) if keys else None
        now = self._clock()
        self.rests.drop_ended(now)
        keys = [key for key in keys if self.rests.until(key.id, model) <= now]
        if not keys:
            return None
        chosen = self._next_of(keys)
        self.rests.begin_trial(chosen.id, now)
        return chosen

    def in_turn(self, model: str) -> tuple[UpstreamKey, ...]:
        """Every key for ``model`` in the order in which one request should try them: those that
        rest come last."""
        keys = tuple(key for key in self._keys if key.serves(model))
        if len(keys) < 2:
            return keys
        start = keys.index(self._next_of(keys))
        turned = keys[start:] + keys[:start]
        if not self.rests:
            return turned
        now = self._clock()
        return tuple(sorted(turned, key=lambda key: self.rests.until(key.id, model) > now))

    def last_resort(self, model: str) -> UpstreamKey | None:
        """The key for a request that has no other, though it may rest; a success ends its rest."""
        keys = self.in_turn(model)
        if keys and (rest := self.rests.of(keys[0].id, None)) is not None:
            rest.is_on_trial = True
        return keys[0] if keys else None

    def available_in(self, model: str) -> float | None:
        """Seconds until a key is ok for ``model``, 0 if one is; None if the model has no key."""
        ends = [self.rests.until(key.id, model) for key in self._keys if key.serves(model)]
        return max(min(ends) - self._clock(), 0.0) if ends else None

    def cool(
        self,
        key: UpstreamKey,
        seconds: float,
        *,
        model: str | None,
        reason: str,
        doubles: bool = False,
    ) -> float:
        """Have ``key`` rest for ``model``, None for every one; returns the seconds that are left.

        With ``doubles`` each further time lasts twice as long, a minute at most, until a success.
        Refusals during a rest are of requests from before it, and do not count as a further time.
        """
        now = self._clock()
        rest = self.rests.of(key.id, model)
        left = max(rest.until - now, 0.0) if rest is not None else 0.0
        if doubles and left:
            return left
        if doubles:
            times = self.doublings.get((key.id, model), 0)
            self.doublings[key.id, model] = min(times + 1, MOST_DOUBLINGS)
            seconds = min(seconds * 2**times, LONGEST_DOUBLED_SECONDS)
        seconds = min(max(seconds, SHORTEST_SECONDS), LONGEST_SECONDS)
        if left >= seconds:
            return left
        self._rest(key, model, KeyState.COOLING, seconds, reason)
        return seconds

    def kill(self, key: UpstreamKey, reason: str) -> None:
        """Note that the upstream does not take ``key``. It is tried again after 15 minutes."""
        rest = self.rests.of(key.id, None)
        if rest is not None and rest.state is KeyState.DEAD and not rest.is_on_trial:
            return  # of a request from before
        self._rest(key, None, KeyState.DEAD, DEAD_SECONDS, reason)

    def succeeded(self, key: UpstreamKey, model: str) -> None:
        """Note that the upstream took ``key``. Costs next to nothing while all are well."""
        if self.doublings:
            self.doublings.pop((key.id, model), None)
        if self.rests:
            rest = self.rests.of(key.id, None)
            if rest is not None and rest.is_on_trial:
                self.revive(key)

    def taken(self, key: UpstreamKey) -> None:
        """Note that the upstream took ``key`` and refused the request: a dead key is ok again.

        Its limits stay as they are, and a key without money may still have none.
        """
        rest = self.rests.of(key.id, None) if self.rests else None
        if rest is None or not rest.is_on_trial or rest.state is not KeyState.DEAD:
            return
        self.rests.drop(key.id, None)
        if self.on_change is not None:
            self.on_change(KeyChange(key=key, model=None, state=KeyState.OK))

    def revive(self, key: UpstreamKey) -> None:
        """Have ``key`` used again at once, whatever is known against it."""
        change = KeyChange(key=key, model=None, state=KeyState.OK)
        if self._forget(key) and self.on_change is not None:
            self.on_change(change)

    def learn(self, change: KeyChange) -> None:
        """Take over what another worker found out. A rest never ends earlier for that."""
        if change.state is KeyState.OK:
            self._forget(change.key)
            return
        until = self._clock() + change.seconds
        known = self.rests.of(change.key.id, change.model)
        if known is None or known.until < until:
            rest = Rest(until=until, state=change.state, reason=change.reason)
            self.rests.put(change.key.id, change.model, rest)

    def take_over(self, earlier: KeyPool) -> None:
        """Go on with what ``earlier`` knew of the keys that both have."""
        for key in set(self._keys).intersection(earlier.all):
            self.rests.take_over(key.id, earlier.rests)
            for place, times in earlier.doublings.items():
                if place[0] == key.id:
                    self.doublings[place] = times

    def reports(self) -> list[KeyReport]:
        """The states of every key, one that is ok in one line, the others in one for each rest."""
        now = self._clock()
        return [report for key in self.all for report in self._reports_of(key, now)]

    def _reports_of(self, key: UpstreamKey, now: float) -> list[KeyReport]:
        rests = [
            KeyReport(
                id=key.id,
                hint=key.hint,
                state=rest.state,
                model=model,
                seconds=max(rest.until - now, 0.0),
                reason=rest.reason,
            )
            for model, rest in self.rests.each(key.id)
            if rest.until > now or rest.state is KeyState.DEAD
        ]
        return rests or [KeyReport(id=key.id, hint=key.hint, state=KeyState.OK)]

    def _rest(
        self, key: UpstreamKey, model: str | None, state: KeyState, seconds: float, reason: str
    ) -> None:
        rest = Rest(until=self._clock() + seconds, state=state, reason=reason)
        self.rests.put(key.id, model, rest)
        if self.on_change is not None:
            self.on_change(
                KeyChange(key=key, model=model, state=state, seconds=seconds, reason=reason)
            )

    def _forget(self, key: UpstreamKey) -> bool:
        for place in [place for place in list(self.doublings) if place[0] == key.id]:
            self.doublings.pop(place, None)
        return self.rests.forget(key.id)

    def _next_of(self, keys: Sequence[UpstreamKey]) -> UpstreamKey:
        """Smooth weighted round robin: each key gains its weight, the richest pays for all."""
        if len(keys) == 1:
            return keys[0]
        credits_ = self._credits
        for key in keys:
            credits_[key.id] += key.weight
        chosen = max(keys, key=lambda key: credits_[key.id])
        credits_[chosen.id] -= sum(key.weight for key in keys)
        return chosen
