"""A limit as the request path sees it."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from limits.choices import Metric, Mode, OnOutage, Share, SubjectKind, Unpriced, Window

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``amount`` is in the units of :mod:`limits.quantities`.

    ``subject_id`` is the primary key of what ``subject_kind`` says (a UUID's hex for a key of
    ours), empty for everyone. A share is named ``""`` for a pool, ``u12`` for the user with the id
    12, ``k9f…`` for a key with that UUID's hex. ``models`` and ``endpoints`` are patterns; no
    endpoints stand for all. ``zone`` decides where days begin.
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

    @property
    def is_own(self) -> bool:
        """Whether a share counts one caller alone, who may be told all of its numbers."""
        return self.share is not Share.POOL or self.subject_kind in OF_ONE

    def amount_for(self, share: str, at: float) -> int:
        """What holds for ``share`` at the time ``at`` (seconds since the epoch)."""
        for one in self.raises:  # the latest first
            if one.until > at and one.subject in {"", share}:
                return one.amount
        return self.amount
