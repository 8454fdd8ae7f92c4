"""What the gateway itself adds: the wait for the first byte without what upstreams took of it.

Sleeps are lower bounds here: however slow the machine, an upstream took at least so long.
"""

import asyncio

import httpx
import pytest

from tests.support.builders import Chunks, an_exchange
from tests.usage.in_process import chat, exchange_of, running_api
from tests.usage.records import an_ended_exchange
from usage.record import UsageRecord

LONG = 0.05
EVENT = b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n'
END = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'


class Slow(Chunks):
    """Each part takes its time."""

    async def __aiter__(self):
        for part in self._parts:
            await asyncio.sleep(LONG)
            if isinstance(part, Exception):
                raise part
            yield part


class Answered:
    def __init__(self, seconds):
        self.waited_seconds = seconds


def an_exchange_with(**fields):
    return an_ended_exchange(started=10.0, first_byte_at=11.0, **fields)


def test_what_upstreams_took_is_not_ours():
    exchange = an_exchange_with(upstream_seconds=0.5, upstream_answer=Answered(0.25))
    assert exchange.overhead_seconds == 0.25
    assert UsageRecord.of(exchange).overhead_us == 250_000


def test_a_wait_for_limits_is_not_ours():
    exchange = an_exchange_with(upstream_seconds=0.25, queued_seconds=0.5)
    assert exchange.overhead_seconds == 0.25
    assert UsageRecord.of(exchange).queued_ms == 500


def test_a_request_that_reached_no_upstream_is_all_ours():
    assert an_exchange_with().overhead_seconds == 1.0


@pytest.mark.parametrize("fields", [{"first_byte_at": None}, {"status": 101}])
def test_without_a_first_byte_of_ours_there_is_no_telling(fields):
    exchange = an_exchange_with()
    for name, value in fields.items():
        setattr(exchange, name, value)
    assert exchange.overhead_seconds is None


def test_an_exchange_begins_with_no_wait():
    assert (an_exchange().upstream_seconds, an_exchange().upstream_answer) == (0.0, None)


async def an_answer(_request):
    """After a while, in two parts that each take another."""
    await asyncio.sleep(LONG)
    return httpx.Response(200, stream=Slow(b'{"choices":', b" []}"))


async def a_stream(_request):
    await asyncio.sleep(LONG)
    return httpx.Response(200, stream=Slow(EVENT, END))


async def one_piece(_request):
    """For a stream: it can be told as one only when all of it is there."""
    await asyncio.sleep(LONG)
    answer = b'{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}'
    return httpx.Response(200, stream=Slow(answer[:20], answer[20:40], answer[40:]))


async def silence(_request):
    await asyncio.sleep(LONG)
    return httpx.Response(200, stream=Slow(httpx.ReadTimeout("x")))


async def only_the_second(request):
    await asyncio.sleep(LONG)
    if request.url.host == "one.example":
        raise httpx.ConnectTimeout("x")
    return httpx.Response(200, stream=Chunks(b'{"choices": []}'))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "fields", "waits"),
    [
        (an_answer, {}, 3),
        (a_stream, {"stream": True}, 2),  # the second part comes behind the first byte
        (one_piece, {"stream": True}, 4),
        (silence, {}, 2),
        (silence, {"stream": True}, 2),
        (only_the_second, {}, 2),
    ],
    ids=["whole", "streamed", "in one piece", "broken off", "stream broken off", "second try"],
)
async def test_the_wait_for_an_upstream_is_recognised(answer, fields, waits):
    async with running_api(answer, names=("one", "two")) as key:
        exchange = await exchange_of(chat(key, **fields))
    assert exchange.overhead_seconds <= exchange.first_byte_seconds - waits * LONG
    assert exchange.overhead_seconds > 0
