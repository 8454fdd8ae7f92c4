"""What a request holds of each limit: the ask for its meter, and how much of it is output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import NamedTuple

from limits.admission.expected import NOTHING_USED, Expected
from limits.book import OF_OUTPUT, Matched
from limits.choices import Metric, Mode, Unpriced
from limits.counting.used import assumed
from limits.meters.interface import Ask, MeterKind, new
from limits.refusals import NeverFitsError, UnpricedModelError, UntoldUseError
from limits.rule import Rule

LEAST_OUTPUT = 16  # tokens; less is no output worth its input
# Each request asks for these several times, and a member costs more to find in its class than here.
PERIOD, SLOTS, MONEY = MeterKind.PERIOD, MeterKind.SLOTS, Metric.USD


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


def hold_of(matched: Matched, expected: Expected, accepted_at: float, now: float) -> Hold:
    """What a request that was ``accepted_at`` then is to hold of a limit. Raises ``LimitError``.

    ``accepted_at`` decides the period, and ``now`` which raises are in force.
    """
    if matched.is_of_one:
        return _of_one(matched, expected, accepted_at, now)
    _, usual, output, _, _, names_maximum, may_be_cut, _, _, _, _, is_priced, used = expected
    if is_priced or not matched.is_of_money:
        typical, worst, fixed = EXPECTED[matched.rule.metric](expected)
    else:
        typical, worst, fixed = _unpriced(matched.rule, expected)
    may_be_cut = may_be_cut and matched.may_cut
    if worst < typical or not (may_be_cut or names_maximum):
        worst = typical  # four times a guess is no bound, and would keep much out for nothing
    before = 0
    if used is not NOTHING_USED:
        before = _before(matched, expected)
        typical, worst, fixed = before + typical, before + worst, before + fixed
    ask, mark = ask_of(matched, typical, worst, accepted_at, now)
    return new(Hold, (matched, ask, mark, fixed, output, may_be_cut, before, usual))


def check_told(wanted: Iterable[Matched]) -> None:
    """Raises ``UntoldUseError`` where an enforced limit is of what no record tells of a request
    that goes on after its answer."""
    for each in wanted:
        if each.is_enforced and each.rule.metric in OF_OUTPUT:
            raise UntoldUseError(each.rule)


def _of_one(matched: Matched, expected: Expected, accepted_at: float, now: float) -> Hold:
    """The hold of a limit that counts requests, by which nothing depends on the request."""
    before = 0
    if expected.before is not NOTHING_USED and matched.kind is not SLOTS:
        before = expected.before.requests
    if before or matched.kind is PERIOD or matched.rule.raises:
        ask, mark = ask_of(matched, before + 1, before + 1, accepted_at, now)
        return new(Hold, (matched, ask, mark, before + 1, 0, False, before, 0))
    ask_of_one = matched.of_one
    if ask_of_one is None:
        ask_of_one, _ = ask_of(matched, 1, 1, accepted_at, now)
        matched.of_one = ask_of_one
    return new(Hold, (matched, ask_of_one, "", 1, 0, False, 0, 0))


def ask_of(
    matched: Matched, typical: int, worst: int, accepted_at: float, now: float
) -> tuple[Ask, str]:
    """The ask, and the mark of its period: that of ``accepted_at``, with the amount of ``now``."""
    rule, kind, meter = matched.rule, matched.kind, matched.meter
    mark, ends_at = "", 0.0
    if kind is PERIOD:
        _, ends_at, mark, meter = matched.period(accepted_at)
    amount = rule.amount_for(matched.share, now) if rule.raises else rule.amount
    window_us, is_enforced = matched.window_us, matched.is_enforced
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


COSTS = "typical_cost", "worst_cost", "least_cost"


def _tokens(expected: Expected) -> tuple[int, int, int]:
    prompt = expected.input_tokens
    return prompt + expected.typical_output, prompt + expected.worst_output, prompt


Amounts = tuple[int, int, int]  # typical, worst and without output, in the unit of the limit
# Those of a limit of each metric that is not of requests.
EXPECTED: dict[Metric, Callable[[Expected], Amounts]] = {
    Metric.INPUT_TOKENS: lambda it: (it.input_tokens, it.input_tokens, it.input_tokens),
    Metric.OUTPUT_TOKENS: lambda it: (it.typical_output, it.worst_output, 0),
    Metric.TOKENS: _tokens,
    Metric.USD: itemgetter(*map(Expected._fields.index, COSTS)),
    Metric.AUDIO_SECONDS: lambda it: (it.audio_ms, it.audio_ms, it.audio_ms),
    Metric.IMAGES: lambda it: (it.images, it.images, it.images),
}


def _unpriced(rule: Rule, expected: Expected) -> Amounts:
    """What a request without a price counts as for a limit of money.

    Raises ``UnpricedModelError``.
    """
    if rule.unpriced is Unpriced.ASSUME:
        each = rule.assumed_nanodollars_per_token
        typical, worst, fixed = (
            assumed(amount, each).nanodollars
            for amount in (expected.typical, expected.worst, expected.without_output)
        )
        return typical, worst, fixed
    if rule.unpriced is Unpriced.REFUSE and rule.mode is Mode.ENFORCE:
        raise UnpricedModelError(rule)
    return 0, 0, 0


def _before(matched: Matched, expected: Expected) -> int:
    """What was used already under the same reservation, in the unit of the limit."""
    if matched.is_of_money and not expected.is_priced:
        rule = matched.rule
        if rule.unpriced is not Unpriced.ASSUME:
            return 0
        return assumed(expected.before, rule.assumed_nanodollars_per_token).nanodollars
    return matched.reads(expected.before)
