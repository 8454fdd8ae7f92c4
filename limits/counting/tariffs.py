"""Prices in whole numbers: most costs are sums of counts times rates, and need no decimals.

A rate has six decimals of a dollar for a million tokens, so that a count times it is a whole number
of trillionths of a dollar. They are rounded as the ledger rounds: to its ten decimals first, and
then to nano-dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from limits.quantities import nanodollars
from usage.costs import TOO_MUCH, Counted, cost_of
from usage.models import Price

ZERO = Decimal(0)
PARTS = 10**6  # of a dollar, in a rate
TRILLIONTHS = 10**12  # of a dollar
TOO_MANY = int(TOO_MUCH) * TRILLIONTHS
FINEST, FINEST_IN_NANO = 100, 10  # trillionths in the ledger's last decimal; and those in a nano
FINE = FINEST * FINEST_IN_NANO
# Sounds and characters are left to the ledger's own code.
OTHER_RATES = (
    "audio_input_per_million",
    "audio_output_per_million",
    "per_audio_minute",
    "per_million_characters",
)


@dataclass(frozen=True, slots=True)
class Tariff:
    """The rates of a price: trillionths of a dollar for each token, and for the request."""

    fresh: int
    cached: int
    written: int
    output: int
    request: int
    dearest: int  # of input

    @classmethod
    def of(cls, price: Price) -> Tariff | None:
        """None for a price that depends on more, or lacks a rate."""
        fresh, output = price.input_per_million, price.output_per_million
        if fresh is None or output is None:
            return None
        if any(getattr(price, name) is not None for name in OTHER_RATES):
            return None
        rates = (
            fresh,
            _or(price.cached_per_million, fresh),
            _or(price.cache_write_per_million, fresh),
            output,
            _or(price.per_request, ZERO),
        )
        parts = [rate * PARTS for rate in rates]
        if any(part != part.to_integral_value() or not 0 <= part < TRILLIONTHS for part in parts):
            return None
        one, kept, stored, made, request = map(int, parts)
        return cls(one, kept, stored, made, request * PARTS, max(one, kept, stored))

    def cost_of(self, counts: Counted) -> int | None:
        """In nano-dollars; None where the ledger has no cost, or more has to be looked at."""
        prompt, output = counts.prompt_tokens, counts.completion_tokens
        if prompt is None or output is None:
            return None
        cached, written = counts.cached_tokens, counts.cache_write_tokens
        total = output * self.output + self.request
        if cached or written:
            cached, written = cached or 0, written or 0
            total += cached * self.cached + written * self.written
            prompt -= cached + written
        if prompt > 0:
            total += prompt * self.fresh
        return _in_nanodollars(total)

    def plain(self, prompt: int, output: int) -> int | None:
        """In nano-dollars, where no input is cached."""
        return _in_nanodollars(prompt * self.fresh + output * self.output + self.request)

    def most(self, prompt: int, output: int) -> int | None:
        """In nano-dollars, where all input has the dearest rate."""
        return _in_nanodollars(prompt * self.dearest + output * self.output + self.request)

    def spread(self, prompt: int, likely: int, longest: int) -> tuple[int, int, int] | None:
        """The costs of an output of ``likely`` tokens, of the ``longest``, and of none, where all
        input has the dearest rate: in nano-dollars; None as in :meth:`most`."""
        of_input = prompt * self.dearest + self.request
        dearest_of_all = of_input + longest * self.output
        if dearest_of_all >= TOO_MANY:
            return None
        none, most = of_input // FINE, dearest_of_all // FINE
        if none * FINE != of_input or most * FINE != dearest_of_all:
            none, most = _rounded_to_nano(of_input), _rounded_to_nano(dearest_of_all)
        return between(none, most, likely, longest), most, none


def between(none: int, most: int, likely: int, longest: int) -> int:
    """The cost of ``likely`` tokens of output, where the ``longest`` costs ``most``."""
    return none + (most - none) * likely // longest if longest else none


class Tariffs:
    """The tariffs of the prices that were used."""

    def __init__(self) -> None:
        # Prices of the bundled list are no rows, and have no key. None that is here is freed, so
        # that no other gets its id.
        self._known: dict[int, tuple[Price, Tariff | None]] = {}

    def of(self, price: Price) -> Tariff | None:
        known = self._known.get(id(price))
        if known is None:
            known = self._known[id(price)] = price, Tariff.of(price)
        return known[1]

    def cost(self, counts: Counted, price: Price) -> int | None:
        """What ``counts`` cost in nano-dollars: the ledger's number; None where it has none."""
        if counts.prompt_tokens is not None and counts.completion_tokens is not None:
            tariff = self.of(price)
            if tariff is not None:
                return tariff.cost_of(counts)
        cost = cost_of(counts, price)
        return None if cost is None else nanodollars(cost)


def costs_at(
    tariff: Tariff, prompt: int, outputs: Sequence[int], *, is_worst: bool
) -> list[int | None]:
    """The cost of ``prompt`` with each of ``outputs``, all in tokens: see :meth:`Tariff.most`."""
    cost = tariff.most if is_worst else tariff.plain
    return [cost(prompt, output) for output in outputs]


def _or(rate: Decimal | None, other: Decimal) -> Decimal:
    return other if rate is None else rate


def _in_nanodollars(trillionths: int) -> int | None:
    if trillionths >= TOO_MANY:
        return None
    whole = trillionths // FINE
    if whole * FINE == trillionths:  # nearly always: few rates are as fine
        return whole
    return _rounded_to_nano(trillionths)


def _rounded_to_nano(trillionths: int) -> int:
    return _rounded(_rounded(trillionths, FINEST), FINEST_IN_NANO)


def _rounded(count: int, unit: int) -> int:
    """``count`` in whole units: half a unit goes to the even number, as decimals are rounded."""
    whole = count // unit
    rest = count - whole * unit
    if 2 * rest > unit or (2 * rest == unit and whole % 2):
        return whole + 1
    return whole
