"""What a request holds of each limit: the ask for its meter, and how much of it is output."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from limits.admission.expected import NOTHING_USED, Expected
from limits.choices import Mode, Unpriced
from limits.matches import OF_OUTPUT, Matched
from limits.meters.interface import Ask, MeterKind, new
from limits.refusals import NeverFitsError, UnpricedModelError, UntoldUseError
from limits.rule import Rule

LEAST_OUTPUT = 16  # tokens; less is no output worth its input


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


def holds_of(
    wanted: Iterable[Matched], expected: Expected, accepted_at: float, now: float
) -> list[Hold]:
    """:func:`hold_of` for each of ``wanted``."""
    return [hold_of(each, expected, accepted_at, now) for each in wanted]


def hold_of(matched: Matched, expected: Expected, accepted_at: float, now: float) -> Hold:
    """What a request that was ``accepted_at`` then is to hold of a limit. Raises ``LimitError``.

    ``accepted_at`` decides the period, and ``now`` which raises are in force.
    """
    is_priced = expected.is_priced
    if not is_priced and matched.is_of_money:
        check_priced(matched.rule)
    typical = matched.amount_of(expected.typical, is_priced=is_priced)
    worst = matched.amount_of(expected.worst, is_priced=is_priced)
    fixed = matched.amount_of(expected.without_output, is_priced=is_priced)
    may_be_cut = expected.may_be_cut and matched.may_cut
    if not (may_be_cut or expected.names_maximum):
        worst = typical  # four times a guess is no bound, and would keep much out for nothing
    before = 0
    if expected.before is not NOTHING_USED and matched.kind is not MeterKind.SLOTS:
        before = matched.amount_of(expected.before, is_priced=is_priced)
    ask, mark = ask_of(matched, before + typical, before + worst, accepted_at, now)
    output, usual = expected.worst.output_tokens, expected.typical.output_tokens
    return new(Hold, (matched, ask, mark, before + fixed, output, may_be_cut, before, usual))


def check_told(wanted: Iterable[Matched]) -> None:
    """Raises ``UntoldUseError`` where an enforced limit is of what no record tells of a request
    that goes on after its answer."""
    for each in wanted:
        if each.is_enforced and each.rule.metric in OF_OUTPUT:
            raise UntoldUseError(each.rule)


def ask_of(
    matched: Matched, typical: int, worst: int, accepted_at: float, now: float
) -> tuple[Ask, str]:
    """The ask, and the mark of its period: that of ``accepted_at``, with the amount of ``now``."""
    kind, meter, mark, ends_at = matched.kind, matched.meter, "", 0.0
    if kind is MeterKind.PERIOD:
        _, ends_at, mark, meter = matched.period(accepted_at)
    window_us, is_enforced = matched.window_us, matched.is_enforced
    amount = matched.amount_at(now)
    values = (meter, kind, amount, typical, worst, window_us, ends_at, is_enforced)
    return new(Ask, values), mark


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


def check_priced(rule: Rule) -> None:
    """Raises ``UnpricedModelError`` where a limit of money refuses what has no price."""
    if rule.unpriced is Unpriced.REFUSE and rule.mode is Mode.ENFORCE:
        raise UnpricedModelError(rule)
