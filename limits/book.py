"""All limits at one moment, ready to be asked which of them hold for a request.

A book never changes; a new one replaces it whole, as a snapshot of the models does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from accounts.caller import Caller
from infrastructure.patterns import matches
from limits.choices import OF_UPSTREAMS, ROLLING, Metric, Mode, Share, SubjectKind, Window
from limits.marks import meter_of
from limits.meters.interface import Ask, MeterKind
from limits.quantities import READERS, Quantities
from limits.rule import Rule
from limits.windows import span_of

OF_OUTPUT = frozenset({Metric.TOKENS, Metric.OUTPUT_TOKENS, Metric.USD})
COUNTING_REQUESTS = frozenset({Metric.REQUESTS, Metric.CONCURRENCY})
MOST_KNOWN = 10_000
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
    rule is worked out once: ``is_of_one`` (each request counts as one), ``is_of_money``,
    ``is_enforced``, whether it ``may_cut`` an output, and ``reads``, what a request used of it.
    ``of_one`` is the ask of a limit whose requests all ask the same; the first of them sets it.
    """

    rule: Rule
    share: str
    kind: MeterKind
    window_us: int
    meter: str
    is_of_one: bool = field(init=False, repr=False)
    is_of_money: bool = field(init=False, repr=False)
    is_enforced: bool = field(init=False, repr=False)
    may_cut: bool = field(init=False, repr=False)
    reads: Callable[[Quantities], int] = field(init=False, repr=False)
    of_one: Ask | None = field(default=None, init=False, repr=False)
    _period: PeriodName | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        metric = self.rule.metric
        self.is_of_one = metric in COUNTING_REQUESTS
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

    def period(self, at: float) -> PeriodName:
        """The period that ``at`` (seconds since the epoch) is in."""
        known = self._period
        if known is not None:
            begins, ends, _, _ = known
            if begins <= at < ends:
                return known
        start, end = span_of(self.rule.window, self.rule.zone, at)
        mark = f"{self.meter}{start}"
        found = PeriodName(start, float(end), mark, meter_of(mark, self.rule.metric))
        self._period = found
        return found

    def meter_at(self, at: float) -> str:
        """The name of the meter of a request that was accepted ``at`` then."""
        return self.period(at).meter if self.kind is MeterKind.PERIOD else self.meter


class Matches(tuple[Matched, ...]):  # noqa: SLOT001 - a tuple with attributes has no slots
    """Limits that hold for a request, with what is asked of them for each: worked out once.

    ``rules`` are theirs. ``count_requests``: nothing else is counted. ``have_money``: some are of
    money.
    """

    rules: tuple[Rule, ...]
    count_requests: bool
    have_money: bool

    @classmethod
    def of(cls, found: Iterable[Matched]) -> Matches:
        made = cls(found)
        made.rules = tuple(each.rule for each in made)
        made.count_requests = all(each.is_of_one for each in made)
        made.have_money = any(each.is_of_money for each in made)
        return made


Subject = tuple[SubjectKind, str]
Names = tuple[str, ...]


class Book:
    """``is_empty``: no caller has a limit. ``reads_models``: some limits are for some models alone.
    ``has_money``: some are of money. ``counts_output``: some depend on the length of outputs.
    """

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self.rules = tuple(rules)
        self._by_subject: defaultdict[Subject, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            self._by_subject[rule.subject_kind, rule.subject_id].append(rule)
        of_upstreams = [rule for rule in self.rules if rule.subject_kind in OF_UPSTREAMS]
        self.is_empty = len(of_upstreams) == len(self.rules)
        self.limits_upstreams = bool(of_upstreams)
        self.reads_models = any(rule.models != ("*",) for rule in self.rules)
        self.counts_output = any(rule.metric in OF_OUTPUT for rule in self.rules)
        self.has_money = any(rule.metric is Metric.USD for rule in self.rules)
        self._known: dict[tuple[object, ...], Matches] = {}

    @property
    def remembered(self) -> int:
        """How many answers are remembered."""
        return len(self._known)

    def meters_for(self, caller: Caller, model: str, endpoint: str, also: Names = ()) -> Matches:
        """The limits of ``caller``. ``also`` are further ids of ``model``, so that no name of a
        model leads around a limit."""
        # A UUID is hashed and compared by Python's own code, its number is not.
        key = caller.user_id, caller.key_id.int, caller.group_ids, model, endpoint, also
        known = self._known.get(key)
        if known is None:
            known = self._kept(
                key,
                Matches.of(
                    Matched.of(rule, share_of(rule, caller.user_id, caller.key_id))
                    for subject in subjects_of(caller)
                    for rule in self._by_subject.get(subject, ())
                    if is_for(rule, (model, *also), endpoint)
                ),
            )
        return known

    def upstream_rules(
        self, connection_id: int, key_id: str | None, model: str, endpoint: str, also: Names = ()
    ) -> Matches:
        """The limits of what a connection is sent, and of what is signed with its key ``key_id``:
        an id of :class:`connections.upstream.UpstreamKey`, None where no key signs."""
        key = connection_id, key_id, model, endpoint, also
        known = self._known.get(key)
        if known is None:
            subjects: list[Subject] = [(SubjectKind.CONNECTION, str(connection_id))]
            if key_id is not None:
                subjects.append((SubjectKind.CONNECTION_KEY, key_id))
            known = self._kept(
                key,
                Matches.of(
                    Matched.of(rule, "")
                    for subject in subjects
                    for rule in self._by_subject.get(subject, ())
                    if is_for(rule, (model, *also), endpoint)
                ),
            )
        return known

    def _kept(self, key: tuple[object, ...], found: Matches) -> Matches:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found


def subjects_of(caller: Caller) -> list[Subject]:
    """Each subject that ``caller`` is, or is part of."""
    return [
        (SubjectKind.EVERYONE, ""),
        *((SubjectKind.GROUP, str(group)) for group in sorted(caller.group_ids)),
        (SubjectKind.USER, str(caller.user_id)),
        (SubjectKind.KEY, caller.key_id.hex),
    ]


def share_of(rule: Rule, user_id: int, key_id: UUID) -> str:
    """The share of ``rule`` that a request with this key of this user counts towards."""
    match rule.share:
        case Share.POOL:
            return ""
        case Share.EACH_USER:
            return f"u{user_id}"
        case Share.EACH_KEY:
            return f"k{key_id.hex}"


def is_for(rule: Rule, models: Names, endpoint: str) -> bool:
    """Whether ``rule`` is for a model with one of the ids ``models``, asked at ``endpoint``."""
    if rule.endpoints and not any(matches(pattern, endpoint) for pattern in rule.endpoints):
        return False
    if rule.models == ("*",):
        return True
    return any(matches(pattern, model) for pattern in rule.models for model in models)


EMPTY = Book()
