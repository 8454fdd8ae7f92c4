"""What a request may use, or has used, in whole units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from operator import itemgetter
from typing import NamedTuple

from limits.choices import Metric

NANO = Decimal(10**9)
MILLISECONDS = Decimal(1000)


class Quantities(NamedTuple):
    """``nanodollars`` are billionths of a US dollar; sounds are counted in milliseconds."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    nanodollars: int = 0
    audio_ms: int = 0
    images: int = 0

    def of(self, metric: Metric) -> int:
        """How much of ``metric`` this is. Each request is one of a concurrency."""
        return READERS[metric](self)

    def costing(self, nanodollars: int) -> Quantities:
        """These at another cost."""
        requests, inputs, outputs, _, audio_ms, images = self
        return Quantities(requests, inputs, outputs, nanodollars, audio_ms, images)

    def assuming(self, nanodollars_per_token: int) -> Quantities:
        """These at the price that a limit assumes where none is known."""
        return self.costing((self.input_tokens + self.output_tokens) * nanodollars_per_token)


# Quantities as a plain tuple, with all tokens together behind them: Python makes it for far less,
# and reads several metrics of it in one step.
Amounts = tuple[int, int, int, int, int, int, int]
ALL_TOKENS = 6
PLACES = {
    Metric.REQUESTS: 0,
    Metric.INPUT_TOKENS: 1,
    Metric.OUTPUT_TOKENS: 2,
    Metric.TOKENS: ALL_TOKENS,
    Metric.CONCURRENCY: 0,
    Metric.USD: 3,
    Metric.AUDIO_SECONDS: 4,
    Metric.IMAGES: 5,
}
READERS: dict[Metric, Callable[[Quantities], int]] = {
    **{metric: itemgetter(place) for metric, place in PLACES.items()},
    Metric.TOKENS: lambda quantities: quantities.input_tokens + quantities.output_tokens,
}


def reader_of(metrics: Sequence[Metric]) -> Callable[[Amounts], tuple[int, ...]]:
    """Reads each of ``metrics``, in their order."""
    places = [PLACES[metric] for metric in metrics]
    if len(places) == 1:
        (place,) = places
        return lambda amounts: (amounts[place],)
    return itemgetter(*places) if places else lambda _: ()


def quantities_in(amounts: Amounts) -> Quantities:
    """The same as quantities."""
    return Quantities(*amounts[:ALL_TOKENS])


def units(metric: Metric, amount: Decimal) -> int:
    """An administrator's ``amount`` (dollars, seconds, or counts) in the units of meters."""
    match metric:
        case Metric.USD:
            return int((amount * NANO).to_integral_value(ROUND_HALF_EVEN))
        case Metric.AUDIO_SECONDS:
            return int((amount * MILLISECONDS).to_integral_value(ROUND_HALF_EVEN))
        case _:
            return int(amount)


def amount_of(metric: Metric, count: int) -> Decimal:
    """The inverse of :func:`units`."""
    match metric:
        case Metric.USD:
            return Decimal(count) / NANO
        case Metric.AUDIO_SECONDS:
            return Decimal(count) / MILLISECONDS
        case _:
            return Decimal(count)


def nanodollars(dollars: Decimal | None) -> int:
    """A cost of the ledger, rounded once for each request; 0 where none is known."""
    if dollars is None:
        return 0
    return int(dollars.scaleb(9).to_integral_value(ROUND_HALF_EVEN))
