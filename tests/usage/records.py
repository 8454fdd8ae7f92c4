"""Ended exchanges and their records, made of nothing but what a test cares about."""

from __future__ import annotations

from dataclasses import replace

from resilience.outcomes import Kind
from tests.support.builders import an_exchange
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.record import UsageRecord


def an_ended_exchange(**fields: object) -> Exchange:
    """A chat with gpt-4o that took 1000 tokens and gave 100."""
    exchange = an_exchange()
    exchange.connection, exchange.upstream_model = "openai", "gpt-4o"
    exchange.status = 200
    exchange.attempts.append(Attempt("openai", "gpt-4o", status=200, kind=Kind.SUCCESS))
    exchange.tokens.prompt, exchange.tokens.completion = 1000, 100
    for name, value in fields.items():
        setattr(exchange, name, value)
    return exchange


def a_record(**fields: object) -> UsageRecord:
    return replace(UsageRecord.of(an_ended_exchange()), **fields)
