import logging

import pytest
import redis

from infrastructure.outages import outages
from infrastructure.redis_outage import REDIS, is_answering, tell
from tests.support.processes import free_port


@pytest.fixture(autouse=True)
def _heard(caplog):
    caplog.set_level(logging.WARNING, "infrastructure")
    outages.end(REDIS)
    caplog.clear()
    yield
    outages.end(REDIS)


async def test_the_loss_and_the_return_are_one_line_each(redis_server, caplog):
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    assert [await is_answering(nobody) for _ in range(3)] == [False] * 3
    assert [await is_answering(redis_server.address) for _ in range(3)] == [True] * 3
    lost, back = caplog.messages
    assert lost.startswith("Redis cannot be reached")
    assert back.startswith("Redis can be reached again")


def test_parts_that_notice_together_say_it_once(caplog):
    for part in ("leases", "lists"):
        tell(part, redis.ConnectionError("refused"))
        tell(part, TimeoutError())
    assert len(caplog.messages) == 1


def test_a_redis_that_refuses_is_told_with_the_consequence(caplog):
    tell("no list is kept", redis.ResponseError("OOM"))
    assert caplog.messages == ["no list is kept: Redis says OOM"]
    assert not outages.has(REDIS)
