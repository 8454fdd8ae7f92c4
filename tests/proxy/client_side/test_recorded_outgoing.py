"""A response of a worker whose journal is in Redis waits for its record."""

import asyncio

import pytest

from proxy.client_side.recorded_outgoing import RecordedOutgoing
from tests.proxy.client_side.test_outgoing import Client
from tests.support.processes import PATIENCE_SECONDS
from tests.usage.records import an_ended_exchange
from usage.ledger import records_written, running_ledger

pytestmark = pytest.mark.django_db(transaction=True)
TURNS = 20  # of the event loop, in which all would be sent that does not wait


@pytest.fixture(autouse=True)
def _in_redis(settings, tmp_path, own_redis):
    settings.DATA_DIR, settings.REDIS_URL = tmp_path, own_redis.url
    settings.GATEWAY_USAGE_JOURNAL = "redis"
    settings.GATEWAY_USAGE_REDIS_SECONDS = PATIENCE_SECONDS


def outgoing_to(client):
    return RecordedOutgoing(
        client.send,
        {},
        serving=asyncio.current_task(),
        request_id="req_1",
        write_timeout=60,
        keep_alive=60,
    )


async def some_turns():
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_nothing_of_a_whole_response_is_sent_before_its_record_is_written(own_redis):
    outgoing = outgoing_to(client := Client())
    async with running_ledger() as ledger:
        with own_redis.frozen():
            ledger.close(an_ended_exchange())
            sending = asyncio.create_task(outgoing.whole(200, [], b"all"))
            await some_turns()
            assert client.messages == []
        await sending
    assert (client.starts, client.body) == ([200], b"all")
    outgoing.close()


async def test_a_stream_ends_once_its_record_is_written(own_redis):
    async def parts():
        yield b"one"

    outgoing = outgoing_to(client := Client())
    async with running_ledger() as ledger:
        await outgoing.begin(200, [])
        await outgoing.stream(parts(), None)
        with own_redis.frozen():
            ledger.close(an_ended_exchange())
            ending = asyncio.create_task(outgoing.finish())
            await some_turns()
            assert client.body == b"one"
            assert not client.has_all
        await ending
    assert client.has_all
    outgoing.close()


async def test_a_worker_that_is_not_running_waits_for_nothing():
    await records_written()
