"""What a request holds of each limit: the ask for its meter, and how much of it is output."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from limits.admission.expected import Expected
from limits.book import Matched
from limits.choices import Metric, Mode, Unpriced
from limits.counting.used import assumed
from limits.demand import Demand
from limits.marks import meter_of
from limits.meters.interface import Ask, MeterKind
from limits.quantities import READERS
from limits.refusals import NeverFitsError, UnpricedModelError, UntoldUseError
from limits.rule import Rule
from limits.windows import span_of

LEAST_OUTPUT = 16  # tokens; less is no output worth its input
COUNTING_REQUESTS = frozenset({Metric.REQUESTS, Metric.CONCURRENCY})
MOST_KNOWN = 10_000
OF_OUTPUT = frozenset({Metric.TOKENS, Metric.OUTPUT_TOKENS, Metric.USD})


class Hold(NamedTuple):
    """``mark`` names the period, empty for buckets and slots. ``fixed`` is the part of
    ``ask.worst`` that does not depend on the output, which is of ``output_tokens`` at the worst.
    ``before`` is the part of both that was used already, and that readings count as well.
    ``usual_output`` is the output that requests of this kind need, in tokens.
    """

    matched: Matched
    ask: Ask
    mark: str
    fixed: int
    output_tokens: int
    may_be_cut: bool
    before: int = 0
    usual_output: int = 0

    @property
    def rule(self) -> Rule:
        return self.matched.rule

    def fitting_output(self, room: int) -> int:
        """So many tokens of output fit where ``room`` is left."""
        room += self.before
        per_token = self.ask.worst - self.fixed
        left = max(room - self.fixed, 0)
        if per_token <= 0:
            return self.output_tokens if left or room >= self.fixed else 0
        return min(left * self.output_tokens // per_token, self.output_tokens)


# The holds that are the same for all requests, by the id of what matched, which lives in them.
_ones: dict[int, Hold] = {}


def hold_of(matched: Matched, expected: Expected, *, accepted_at: float, now: float) -> Hold:
    """What a request that was ``accepted_at`` then is to hold of a limit. Raises ``LimitError``.

    ``accepted_at`` decides the period, and ``now`` which raises are in force.
    """
    if matched.rule.metric in COUNTING_REQUESTS:
        return _of_one(matched, expected, accepted_at, now)
    rule = matched.rule
    typical, worst, fixed, before = amounts_of(rule, expected)
    may_be_cut = expected.may_be_cut and rule.clamps and rule.metric in OF_OUTPUT
    if not expected.names_maximum and not may_be_cut:
        worst = typical  # four times a guess is no bound, and would keep much out for nothing
    ask, mark = ask_of(matched, before + typical, before + max(worst, typical), accepted_at, now)
    output_tokens = expected.worst.output_tokens
    usual = expected.typical.output_tokens
    return Hold(matched, ask, mark, before + fixed, output_tokens, may_be_cut, before, usual)


def check_told(demand: Demand, wanted: Iterable[Matched]) -> None:
    """Raises ``UntoldUseError`` where an enforced limit is of what no record will tell."""
    if not demand.is_detached:
        return
    for each in wanted:
        if each.rule.metric in OF_OUTPUT and each.rule.mode is Mode.ENFORCE:
            raise UntoldUseError(each.rule)


def _of_one(matched: Matched, expected: Expected, accepted_at: float, now: float) -> Hold:
    """The hold of a limit that counts requests, by which nothing depends on the request."""
    before = expected.before.requests if matched.kind is not MeterKind.SLOTS else 0
    if before or matched.kind is MeterKind.PERIOD or matched.rule.raises:
        ask, mark = ask_of(matched, before + 1, before + 1, accepted_at, now)
        return Hold(matched, ask, mark, before + 1, 0, False, before)
    known = _ones.get(id(matched))
    if known is None or known.matched is not matched:
        ask, mark = ask_of(matched, 1, 1, accepted_at, now)
        known = Hold(matched, ask, mark, 1, 0, False)
        if len(_ones) >= MOST_KNOWN:
            _ones.clear()
        _ones[id(matched)] = known
    return known


def ask_of(
    matched: Matched, typical: int, worst: int, accepted_at: float, now: float
) -> tuple[Ask, str]:
    """The ask, and the mark of its period: that of ``accepted_at``, with the amount of ``now``."""
    rule, share, kind, window_us, meter = matched
    mark, ends_at = "", 0.0
    if kind is MeterKind.PERIOD:
        span = span_of(rule.window, rule.zone, accepted_at)
        mark, meter = _period_names(meter, span.start, rule.metric)
        ends_at = float(span.end)
    amount = rule.amount_for(share, now) if rule.raises else rule.amount
    is_enforced = rule.mode is Mode.ENFORCE
    return Ask(meter, kind, amount, typical, worst, window_us, ends_at, is_enforced), mark


@lru_cache(maxsize=4096)
def _period_names(share: str, start: int, metric: Metric) -> tuple[str, str]:
    """The mark of a period, and its meter."""
    mark = f"{share}{start}"
    return mark, meter_of(mark, metric)


def check_fits(hold: Hold, expected: Expected) -> None:
    """Raises ``NeverFitsError`` for what asks for more than the whole limit.

    A limit of nothing is reached; there is no request that fits.
    """
    ask = hold.ask
    if ask.worst <= ask.amount or not ask.is_enforced or not ask.amount:
        return
    if hold.may_be_cut:
        never = hold.fitting_output(ask.amount) < min(LEAST_OUTPUT, hold.output_tokens)
    else:
        alone = (ask.worst if expected.names_maximum else ask.typical) - hold.before
        never = alone > ask.amount
    if never:
        raise NeverFitsError(hold.rule)


def amounts_of(rule: Rule, expected: Expected) -> tuple[int, int, int, int]:
    """Typical, worst, without output and before, in the unit of the limit.

    Raises ``UnpricedModelError``.
    """
    amounts = expected.typical, expected.worst, expected.without_output, expected.before
    if rule.metric is Metric.USD and not expected.is_priced:
        if rule.unpriced is Unpriced.ASSUME:
            each = rule.assumed_nanodollars_per_token
            typical, worst, fixed, before = (assumed(amount, each) for amount in amounts)
            amounts = typical, worst, fixed, before
        elif rule.unpriced is Unpriced.REFUSE and rule.mode is Mode.ENFORCE:
            raise UnpricedModelError(rule)
        else:
            return 0, 0, 0, 0
    typical, worst, fixed, before = amounts
    read = READERS[rule.metric]
    return read(typical), read(worst), read(fixed), read(before)
