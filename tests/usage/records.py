"""Ended exchanges and their records, made of nothing but what a test cares about."""

from __future__ import annotations

from dataclasses import replace

from resilience.outcomes import Kind
from tests.support.builders import an_exchange
from usage.attempts import Attempt, AttemptFacts, attempt_log
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


def a_log(**fields: object) -> list[AttemptFacts]:
    """A key that was refused for the moment, an attempt with ``fields``, and one that succeeded."""
    first = Attempt("azure-eu", "gpt-4o", "…a1b2", 429, "", 120, "429 → other key")
    first.kind = Kind.RATE_LIMITED
    second = Attempt("azure-us", "gpt-4o", "…c3d4", 500, "", 80, "500 → other target")
    second.kind = Kind.FAILED
    for name, value in fields.items():
        setattr(second, name, value)
    third = Attempt("openai", "gpt-4o", "…e5f6", 200, "", 900, kind=Kind.SUCCESS)
    return attempt_log([first, second, third])


def a_record(**fields: object) -> UsageRecord:
    return replace(UsageRecord.of(an_ended_exchange()), **fields)
