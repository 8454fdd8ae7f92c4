"""What is held for the responses over a socket, over the gate of the process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from limits.admission.asking import Asker
from limits.admission.gate import gate
from limits.book import EMPTY, Book
from limits.choices import Metric, Window
from limits.meters.memory import MemoryMeters
from limits.refusals import LimitReachedError
from proxy.websockets.response_limits import ResponseLimits
from tests.limits.rules import a_rule
from tests.support.builders import a_target, an_exchange
from usage.in_flight import in_flight

BEGUN = {"type": "response.created", "response": {"id": "resp_1"}}
DONE = {"type": "response.done", "response": {"id": "resp_1"}}


@pytest.fixture
def responses() -> Iterator[ResponseLimits]:
    """Of a socket whose user may have one response at once."""
    before = gate.asker
    gate.asker = Asker(MemoryMeters(), local=MemoryMeters(), find_bases=none_known)
    gate.book = Book([a_rule(metric=Metric.CONCURRENCY, window=Window.NONE, amount=1)])
    exchange = an_exchange()
    in_flight.open(exchange)
    found = ResponseLimits(exchange, a_target(), is_realtime=True)
    yield found
    found.close()
    in_flight.close(exchange)
    gate.book, gate.asker = EMPTY, before


async def none_known(asks: Any) -> list[Any]:
    return []


async def is_free(responses: ResponseLimits, **fields: str) -> bool:
    """Whether one more response may be asked for, which it is then."""
    try:
        await responses.admitted({"type": "response.create", **fields})
    except LimitReachedError:
        return False
    return True


def an_error(**error: Any) -> str:
    return json.dumps({"type": "error", "event_id": "event_1", "error": error})


async def test_a_response_holds_its_slot_until_it_ends(responses: ResponseLimits) -> None:
    assert await is_free(responses)
    for message in (BEGUN, {"type": "response.output_text.delta", "delta": "a"}):
        await responses.saw(json.dumps(message))
        assert not await is_free(responses)
    await responses.saw(json.dumps(DONE))
    assert await is_free(responses)


@pytest.mark.parametrize(
    ("asked", "error", "is_over"),
    [
        ({"event_id": "mine"}, {"event_id": "mine"}, True),
        ({"event_id": "mine"}, {"event_id": "another"}, False),
        ({"event_id": "mine"}, {"event_id": None}, False),
        ({}, {"event_id": "another"}, False),
        ({}, {"event_id": None, "code": "rate_limit_exceeded"}, True),  # it may be of either
        ({}, {}, True),
    ],
)
async def test_an_error_ends_the_response_that_it_is_about(
    responses: ResponseLimits, asked: dict[str, str], error: dict[str, Any], is_over: bool
) -> None:
    assert await is_free(responses, **asked)
    await responses.saw(an_error(**error))
    assert await is_free(responses) is is_over


async def test_an_error_of_no_message_ends_no_response_that_runs(
    responses: ResponseLimits,
) -> None:
    gate.book = Book([a_rule(metric=Metric.CONCURRENCY, window=Window.NONE, amount=2)])
    assert await is_free(responses)
    await responses.saw(json.dumps(BEGUN))
    assert await is_free(responses)
    await responses.saw(an_error())
    assert not await is_free(responses)


@pytest.mark.parametrize("message", ['{"type": "error"', '{"type": "note", "of": "error"}'])
async def test_what_is_no_error_event_ends_nothing(responses: ResponseLimits, message: str) -> None:
    assert await is_free(responses)
    await responses.saw(message)
    assert not await is_free(responses)
