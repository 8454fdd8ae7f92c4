"""The last second of a month, with a stream that goes on into the next one.

In this process, whose gate has a clock that the test sets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings

from limits.admission.asking import Asker
from limits.admission.gate import Gate, find_bases
from limits.demand import Demand
from limits.loading import load_book
from limits.meters.interface import Meters
from limits.meters.memory import MemoryMeters
from limits.reading.own_use import question
from limits.refusals import LimitReachedError
from tests.limits.limits import a_limit, used_of
from tests.limits.redis_store import running
from tests.support.builders import a_target, an_exchange
from usage.attempts import Attempt
from usage.exchange import Exchange
from usage.in_flight import in_flight
from usage.record import UsageRecord
from usage.storing import store

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

ZONE = ZoneInfo("America/New_York")
JANUARY, FEBRUARY = (datetime(2027, month, 1, tzinfo=ZONE).timestamp() for month in (1, 2))
LAST_SECOND = FEBRUARY - 1
WHOLE = Demand(input_tokens=100, output_tokens=900)  # all of the limit


class Clock:
    def __init__(self) -> None:
        self.at = LAST_SECOND

    def __call__(self) -> float:
        return self.at


@asynccontextmanager
async def meters_of(store_name: str) -> AsyncIterator[Meters]:
    if store_name == "memory":
        yield MemoryMeters()
        return
    async with running(settings.REDIS_URL) as meters:
        yield meters


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    yield
    for exchange in list(in_flight):
        in_flight.close(exchange)


async def admitted(gate: Gate, clock: Clock, number: int) -> Exchange:
    exchange = an_exchange(request_id=f"req_{number}", accepted_at=clock.at)
    in_flight.open(exchange)
    if gate.admit_in_one_step(exchange, [a_target()], lambda: WHOLE) is None:
        await gate.admit(exchange, [a_target()], lambda: WHOLE)
    return exchange


def ended(gate: Gate, exchange: Exchange, *, output_tokens: int) -> UsageRecord:
    exchange.connection, exchange.upstream_model, exchange.status = "one", "gpt-4o", 200
    exchange.attempts.append(Attempt(connection="one", model="gpt-4o"))
    exchange.tokens.prompt, exchange.tokens.completion = 100, output_tokens
    record = UsageRecord.of(exchange)
    gate.settle(exchange, record)
    return record


@pytest.mark.parametrize("store_name", ["memory", "redis"])
async def test_what_a_stream_uses_counts_for_the_month_that_it_began_in(
    store_name: str, redis_server: object
) -> None:
    limit = await sync_to_async(a_limit)(metric="tokens", amount=1000, time_zone=ZONE.key)
    clock = Clock()
    async with meters_of(store_name) as meters:
        gate = Gate(meters, clock=clock)
        gate.asker = Asker(meters, local=MemoryMeters(), find_bases=find_bases)
        gate.book = await sync_to_async(load_book)()
        stream = await admitted(gate, clock, 1)
        with pytest.raises(LimitReachedError) as caught:
            await admitted(gate, clock, 2)
        assert caught.value.retry_seconds is not None
        clock.at = FEBRUARY
        other = await admitted(gate, clock, 3)
        with pytest.raises(LimitReachedError):
            await admitted(gate, clock, 4)
        records = [ended(gate, stream, output_tokens=700), ended(gate, other, output_tokens=300)]
        assert [each.limit_marks for each in records] == [
            [f"{limit.pk}::{int(JANUARY)}"],
            [f"{limit.pk}::{int(FEBRUARY)}"],
        ]
        await sync_to_async(store)(records)
        used = await sync_to_async(used_of)(limit)
        sums = {start: each.input_tokens + each.output_tokens for start, each in used.items()}
        assert sums == {int(JANUARY): 800, int(FEBRUARY): 400}
        matched = gate.book.meters_for(stream.caller, stream.model, stream.endpoint, ())
        asks = [question(matched[0], now) for now in (LAST_SECOND, FEBRUARY)]
        if store_name == "redis":
            await meters.written()  # type: ignore[attr-defined]
        readings = await meters.read(asks)
        assert [reading and reading.used for reading in readings] == [800, 400]
