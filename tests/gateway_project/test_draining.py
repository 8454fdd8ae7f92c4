"""Between the signal and the server's own end. Whole gateways are stopped in tests/faults."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from gateway_project.draining import drained_on_signals, is_draining
from limits.admission.gate import gate
from limits.meters.interface import Reading
from limits.refusals import LimitReachedError
from proxy.resumable.readers import Reader, readers
from tests.limits.rules import a_rule
from tests.support.builders import an_exchange
from tests.support.processes import PATIENCE_SECONDS
from usage.exchange import Exchange, StopReason
from usage.in_flight import in_flight

REFUSED = LimitReachedError(a_rule(), Reading("1::requests", 1, 1, 0.0), None)


@pytest.fixture
def server():
    """The signals that reached the server, whose handler is below the drain's."""
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    yield heard
    signal.signal(signal.SIGTERM, before)
    in_flight.is_accepting = True


async def until(is_true) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_server_hears_at_once_when_nothing_is_in_flight(server) -> None:
    with drained_on_signals(delay=0, grace=30):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: server == [signal.SIGTERM])
        assert is_draining()
    assert not is_draining()


async def test_the_server_hears_once_the_last_request_has_ended(server) -> None:
    exchange = an_exchange()
    in_flight.open(exchange)
    with drained_on_signals(delay=0, grace=30):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: not in_flight.is_accepting)
        assert server == []
        in_flight.close(exchange)
        await until(lambda: server == [signal.SIGTERM])


async def test_a_request_is_stopped_when_the_grace_is_over(server) -> None:
    exchange = an_exchange()
    reasons = []
    exchange.on_stop = lambda reason: (reasons.append(reason), in_flight.close(exchange))
    in_flight.open(exchange)
    with drained_on_signals(delay=0, grace=0):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: server == [signal.SIGTERM])
    assert reasons == [StopReason.SHUTTING_DOWN]


def stopped(exchange: Exchange) -> list[StopReason]:
    """The reasons that the request is told, which ends it."""
    reasons: list[StopReason] = []
    exchange.on_stop = lambda reason: (reasons.append(reason), in_flight.close(exchange))
    in_flight.open(exchange)
    return reasons


async def test_a_request_that_waits_for_a_limit_is_stopped_at_once(server) -> None:
    exchange = an_exchange()
    reasons = stopped(exchange)
    with gate.waiting.noted(exchange, REFUSED), drained_on_signals(delay=0, grace=30):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: server == [signal.SIGTERM])
    assert reasons == [StopReason.SHUTTING_DOWN]


async def test_a_request_that_is_to_wait_while_its_worker_leaves_is_stopped(server) -> None:
    exchange = an_exchange()
    reasons = stopped(exchange)
    in_flight.is_accepting = False
    with gate.waiting.noted(exchange, REFUSED):
        assert reasons == [StopReason.SHUTTING_DOWN]


async def test_who_reads_a_recording_is_waited_for_and_stopped_alike(server) -> None:
    reasons = []

    class Request:
        def stop(self, reason: StopReason) -> None:
            reasons.append(reason)
            readers.discard(reader)

    reader = Reader(Request())
    readers.add(reader)
    with drained_on_signals(delay=0, grace=0.2):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: not in_flight.is_accepting)
        assert (server, reasons) == ([], [])
        await until(lambda: server == [signal.SIGTERM])
    assert reasons == [StopReason.SHUTTING_DOWN]


async def test_requests_are_taken_while_load_balancers_look(server) -> None:
    with drained_on_signals(delay=30, grace=0):
        os.kill(os.getpid(), signal.SIGTERM)
        await until(is_draining)
        assert in_flight.is_accepting


async def test_the_servers_handler_is_put_back(server) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with drained_on_signals(delay=0, grace=0):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
