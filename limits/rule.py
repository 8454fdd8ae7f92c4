"""A limit as the request path sees it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from zoneinfo import ZoneInfo

from accounts.caller import Caller
from limits.choices import Metric, Mode, OnOutage, Share, SubjectKind, Unpriced, Window
from limits.models import Limit
from limits.quantities import units

UTC = ZoneInfo("UTC")
OF_ONE = frozenset({SubjectKind.USER, SubjectKind.KEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """``amount`` holds in place of the limit's until ``until`` (seconds since the epoch).

    ``subject`` is the one share that it is for, empty for all: see :class:`Rule`.
    """

    amount: int
    until: float
    subject: str = ""


def raises_of(limit: Limit) -> tuple[Raise, ...]:
    """The raises of a row, as far as they are prefetched, the latest first."""
    metric = Metric(limit.metric)
    return tuple(
        Raise(amount=units(metric, each.amount), until=each.until.timestamp(), subject=each.share)
        for each in limit.changes.all()
    )


def amount_in_force(usual: int, raises: Iterable[Raise], share: str, at: float) -> int:
    """The amount that holds for ``share`` at the time ``at`` (seconds since the epoch)."""
    for one in raises:  # the latest first
        if one.until > at and one.subject in {"", share}:
            return one.amount
    return usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``amount`` is in the units of :mod:`limits.quantities`.

    ``subject_id`` is the primary key of what ``subject_kind`` says (a UUID's hex for a key of
    ours), empty for everyone. A share is named ``""`` for a pool, ``u12`` for the user with the id
    12, ``k9f…`` for a key with that UUID's hex. ``models`` and ``endpoints`` are patterns; no
    endpoints stand for all. ``zone`` decides where days begin. ``is_own``: a share counts one
    caller alone, who may be told all of its numbers.
    """

    id: int
    label: str
    subject_kind: SubjectKind
    subject_id: str = ""
    share: Share = Share.POOL
    models: tuple[str, ...] = ("*",)
    endpoints: tuple[str, ...] = ()
    metric: Metric
    amount: int
    window: Window = Window.NONE
    zone: ZoneInfo = UTC
    mode: Mode = Mode.ENFORCE
    on_outage: OnOutage = OnOutage.LOCAL
    unpriced: Unpriced = Unpriced.REFUSE
    assumed_nanodollars_per_token: int = 0
    wait_seconds: float = 0.0
    clamps: bool = True
    raises: tuple[Raise, ...] = ()

    is_own: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        is_own = self.share is not Share.POOL or self.subject_kind in OF_ONE
        object.__setattr__(self, "is_own", is_own)  # frozen, and asked for by each request

    def is_own_of(self, caller: Caller) -> bool:
        """Whether ``caller`` alone uses their share."""
        return self.is_of_one_person(is_spoken_for=bool(caller.spoken_for))

    def is_of_one_person(self, *, is_spoken_for: bool) -> bool:
        """Whether one caller alone uses a share. Many people use that of a key which speaks for
        users."""
        if not is_spoken_for or not self.is_own:
            return self.is_own
        is_of_key = self.subject_kind is SubjectKind.KEY and self.share is Share.POOL
        return not is_of_key and self.share is not Share.EACH_KEY

    def amount_for(self, share: str, at: float) -> int:
        """What holds for ``share`` at the time ``at`` (seconds since the epoch)."""
        return amount_in_force(self.amount, self.raises, share, at)

    def next_change(self, share: str, at: float) -> float:
        """When the amount for ``share`` that holds at the time ``at`` may change, infinity for
        never: both in seconds since the epoch."""
        ends = (one.until for one in self.raises if one.until > at and one.subject in {"", share})
        return min(ends, default=inf)
