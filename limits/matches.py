"""The limits that hold for a request, each with the share of it that the request counts towards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple, overload

from limits.choices import ROLLING, Metric, Mode, Unpriced, Window
from limits.marks import meter_of
from limits.meters.interface import MeterKind, Terms
from limits.quantities import READERS, Quantities, reader_of
from limits.rule import Rule
from limits.windows import span_of

OF_OUTPUT = frozenset({Metric.TOKENS, Metric.OUTPUT_TOKENS, Metric.USD})
COUNTING_REQUESTS = frozenset({Metric.REQUESTS, Metric.CONCURRENCY})
MICROSECONDS = 1_000_000


class PeriodName(NamedTuple):
    """A period of a share, from ``start`` to ``end``: its mark, and the name of its meter."""

    start: int
    end: float
    mark: str
    meter: str


@dataclass(slots=True, eq=False)
class Matched:
    """A limit that holds for a request, and the share of it that the request counts towards.

    ``meter`` is the name of its meter, for a period up to its start. What each request asks of the
    rule is worked out once: ``is_of_money``, ``is_enforced``, whether it ``may_cut`` an output, and
    ``reads``, how much of some quantities it counts.
    """

    rule: Rule
    share: str
    kind: MeterKind
    window_us: int
    meter: str
    is_of_money: bool = field(init=False, repr=False)
    is_enforced: bool = field(init=False, repr=False)
    may_cut: bool = field(init=False, repr=False)
    reads: Callable[[Quantities], int] = field(init=False, repr=False)
    _period: PeriodName | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        metric = self.rule.metric
        self.is_of_money = metric is Metric.USD
        self.is_enforced = self.rule.mode is Mode.ENFORCE
        self.may_cut = self.rule.clamps and metric in OF_OUTPUT
        self.reads = READERS[metric]

    @classmethod
    def of(cls, rule: Rule, share: str) -> Matched:
        if rule.window in ROLLING:
            window_us = ROLLING[rule.window] * MICROSECONDS
            return cls(rule, share, MeterKind.BUCKET, window_us, f"{rule.id}:{share}:{rule.metric}")
        if rule.window is Window.NONE:
            return cls(rule, share, MeterKind.SLOTS, 0, f"{rule.id}:{share}:{rule.metric}")
        return cls(rule, share, MeterKind.PERIOD, 0, f"{rule.id}:{share}:")

    @property
    def name(self) -> tuple[str, Metric]:
        """The same for the same share of a limit, also in another book."""
        return self.meter, self.rule.metric

    def amount_of(self, used: Quantities, *, is_priced: bool) -> int:
        """How much of the limit ``used`` is. Without a price, money is what the limit assumes."""
        if is_priced or not self.is_of_money:
            return self.reads(used)
        rule = self.rule
        if rule.unpriced is not Unpriced.ASSUME:
            return 0
        return used.assuming(rule.assumed_nanodollars_per_token).nanodollars

    def period(self, at: float) -> PeriodName:
        """The period that ``at`` (seconds since the epoch) is in."""
        known = self._period
        if known is not None and known.start <= at < known.end:
            return known
        start, end = span_of(self.rule.window, self.rule.zone, at)
        mark = f"{self.meter}{start}"
        found = PeriodName(start, float(end), mark, meter_of(mark, self.rule.metric))
        self._period = found
        return found

    def meter_at(self, at: float) -> str:
        """The name of the meter of a request that was accepted ``at`` then."""
        return self.period(at).meter if self.kind is MeterKind.PERIOD else self.meter

    def amount_at(self, now: float) -> int:
        """The amount that holds ``now``."""
        rule = self.rule
        return rule.amount_for(self.share, now) if rule.raises else rule.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The terms of some limits, for requests that are accepted from ``begins`` to ``ends``, while
    the time is between ``since`` and ``changes_at``: no amount changes there. ``marks`` are those
    of periods. All times are in seconds since the epoch.
    """

    begins: float
    ends: float
    since: float
    changes_at: float
    terms: tuple[Terms, ...]
    marks: tuple[str, ...]

    @classmethod
    def of(cls, limits: Sequence[Matched], accepted_at: float, now: float) -> InForce:
        periods = [each.period(accepted_at) for each in limits if each.kind is MeterKind.PERIOD]
        return cls(
            begins=max((period.start for period in periods), default=-inf),
            ends=min((period.end for period in periods), default=inf),
            since=now if any(each.rule.raises for each in limits) else -inf,
            changes_at=min(
                (each.rule.next_change(each.share, now) for each in limits), default=inf
            ),
            terms=tuple(
                Terms(each.meter_at(accepted_at), each.kind, each.amount_at(now), each.window_us)
                for each in limits
            ),
            marks=tuple(period.mark for period in periods),
        )


class Matches(Sequence[Matched]):
    """Limits that hold for a request, with what is asked of them for each: worked out once.

    ``rules`` are theirs, and ``reads`` gives what each of them counts. ``count_requests``: nothing
    else is counted. ``have_money``: some are of money. ``all_cut``: none of them counts an output
    that it may not cut.
    """

    __slots__ = (
        "_found",
        "_in_force",
        "all_cut",
        "count_requests",
        "have_money",
        "reads",
        "rules",
    )

    def __init__(self, found: Iterable[Matched]) -> None:
        self._found = found = tuple(found)
        self._in_force: InForce | None = None
        self.rules = tuple(each.rule for each in found)
        self.reads = reader_of([each.rule.metric for each in found])
        self.count_requests = all(each.rule.metric in COUNTING_REQUESTS for each in found)
        self.have_money = any(each.is_of_money for each in found)
        self.all_cut = all(each.may_cut or each.rule.metric not in OF_OUTPUT for each in found)

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Matched]:
        return iter(self._found)

    @overload
    def __getitem__(self, index: int) -> Matched: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Matched, ...]: ...

    def __getitem__(self, index: int | slice) -> Matched | tuple[Matched, ...]:
        return self._found[index]

    def in_force(self, accepted_at: float, now: float) -> InForce:
        """The terms of these limits ``now``, for a request that was ``accepted_at`` then."""
        known = self._in_force
        if (
            known is None
            or not known.begins <= accepted_at < known.ends
            or not known.since <= now < known.changes_at  # a clock may be set back
        ):
            known = self._in_force = InForce.of(self._found, accepted_at, now)
        return known
