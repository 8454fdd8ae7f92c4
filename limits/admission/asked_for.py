"""Which of its limits a request is asked for: not those of what it cannot use, nor any twice."""

from __future__ import annotations

from limits.admission.admissions import Reservation
from limits.admission.admitting import Targets, ids_of
from limits.book import Book
from limits.choices import Metric
from limits.matches import Matches
from usage.exchange import Exchange

# What requests are asked for that cost neither tokens nor money.
FREE = frozenset({Metric.REQUESTS, Metric.CONCURRENCY})
HANDSHAKE = frozenset({Metric.REQUESTS})
EVERYTHING = frozenset(Metric)
FREE_ENDPOINTS = frozenset({"messages/count_tokens", "responses/input_tokens"})


def wanted_of(
    book: Book,
    exchange: Exchange,
    targets: Targets,
    metrics: frozenset[Metric],
    held: Reservation | None,
) -> Matches:
    """The limits of the request among ``metrics`` that do not hold it yet."""
    also = ids_of(targets) if book.reads_models else ()
    matched = book.meters_for(exchange.caller, exchange.model, exchange.endpoint, also)
    if exchange.endpoint in FREE_ENDPOINTS:
        metrics &= FREE
    if held is None and metrics is EVERYTHING:
        return matched
    return _among(matched, metrics, held)


def _among(matched: Matches, metrics: frozenset[Metric], held: Reservation | None) -> Matches:
    before = () if held is None else {each.name for each in held.matched}
    return Matches(
        each for each in matched if each.rule.metric in metrics and each.name not in before
    )


def wanted_beside(
    book: Book, exchange: Exchange, model: str, targets: Targets, held: Reservation | None
) -> Matches:
    """The limits of a fallback to ``model``, beside those that hold the request."""
    own = book.meters_for(exchange.caller, model, exchange.endpoint, ids_of(targets))
    before = () if held is None else held.matched
    return Matches({each.name: each for each in (*before, *own)}.values())
