from __future__ import annotations

import asyncio

import pytest
import redis
from django.conf import settings

from infrastructure.redis_servers import blocking_async_client
from limits.meters import redis_scripts
from limits.meters.capped_calls import CappedCalls
from limits.meters.interface import Base, MeterKind
from limits.meters.redis_scripts import Call
from limits.meters.redis_writer import MOST_WAITING, RedisWriter
from limits.meters.reservations import MeterAmount
from tests.limits.contract import name
from tests.limits.redis_store import keys

USE = MeterAmount("1:u1:tokens", MeterKind.BUCKET, 1, 0, 60_000_000, 100)


@pytest.fixture
async def writer(redis_server):
    client = blocking_async_client(settings.REDIS_URL, most=2, wait_seconds=1)
    epochs = []
    writer = RedisWriter(
        client, CappedCalls(client, 1), heed=epochs.append, on_back=lambda: epochs.append(b"back")
    )
    writer.epochs = epochs
    yield writer
    await client.aclose()


def settlement():
    return redis_scripts.settle(name(), [USE], "test")


def base():
    [call] = redis_scripts.bases(Base(f"{name()}:1:usd", 1, 1, 2e9), "test")
    return call


async def test_calls_are_written_in_order(writer):
    written = []
    for number in range(250):
        writer.put(settlement(), lambda number=number: written.append(number))
    await writer.drain()
    assert written == list(range(250))
    assert len(writer) == 0
    assert len(set(writer.epochs)) == 1


async def test_a_call_that_redis_cannot_make_sense_of_holds_up_no_others(writer, caplog):
    meter = f"{name()}:1:usd"
    good = list(redis_scripts.bases(Base(meter, 1, 1, 2e9), "test"))
    script, key, arguments = good[0]
    for wrong in ("-1", "-0", "1.5", "1e3", "9007199254740992", "1" * 30, "x", ""):
        bad = f"{name()}:{wrong}"
        bad_key = tuple(part.replace(meter, bad) for part in key)
        for position in range(1, len(arguments)):
            changed = (*arguments[:position], wrong, *arguments[position + 1 :])
            writer.put(Call(script, bad_key, changed))
            await writer.drain()
            assert [each for each in keys(settings.REDIS_URL) if bad in each] == []
    for call in good:
        writer.put(call)
    await writer.drain()
    assert [each for each in keys(settings.REDIS_URL) if meter in each]
    assert "A use of a limit was not counted" in caplog.text


@pytest.mark.parametrize("position", range(3, 10))
async def test_a_bad_argument_of_one_meter_leaves_all_as_they_were(writer, caplog, position):
    good, bad = name(), name()
    holds = [USE._replace(meter=good), USE._replace(meter=bad)]
    script, key, arguments = redis_scripts.hold(name(), holds, "test")
    place = len(arguments) - 10 + position
    writer.put(Call(script, key, (*arguments[:place], "-0", *arguments[place + 1 :])))
    await writer.drain()
    assert "BADARGUMENT" in caplog.text
    assert [each for each in keys(settings.REDIS_URL) if good in each or bad in each] == []


async def test_a_missing_argument_is_an_error(writer, caplog):
    script, key, arguments = settlement()
    writer.put(Call(script, key, arguments[:-1]))
    await writer.drain()
    assert "BADARGUMENT" in caplog.text


async def test_settlements_are_left_out_when_too_much_waits(writer):
    left_out = []
    bases = [base() for _ in range(3)]
    for call in bases:
        writer.put(call)
    for number in range(MOST_WAITING):
        writer.put(settlement(), lambda number=number: left_out.append(number))
    assert len(writer) < MOST_WAITING
    assert left_out == list(range(len(left_out)))
    await writer.drain()
    found = keys(settings.REDIS_URL)
    assert all(any(call.keys[1] in key for key in found) for call in bases)


async def test_what_fails_is_written_again(server):
    client = blocking_async_client(server.url, most=2, wait_seconds=1)
    heard = []
    writer = RedisWriter(
        client, CappedCalls(client, 1), heed=heard.append, on_back=lambda: heard.append(b"back")
    )
    server.stop()
    writer.put(settlement())
    with pytest.raises((redis.ConnectionError, OSError)):
        await writer.drain()
    assert len(writer) == 1
    task = asyncio.create_task(writer.run())
    async with asyncio.timeout(60):
        while not writer.is_failing:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        server.start()
        await writer.drained()
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    await client.aclose()
    assert heard[-1] == b"back"
