import asyncio
import gc

import pytest
import redis

from infrastructure.redis_takeover import TakenOver
from tests.support.processes import free_port


class Heard(TakenOver):
    """Keeps what comes."""

    def __init__(self):
        super().__init__()
        self.said = asyncio.Queue()
        self.ends = []

    def data_received(self, data):
        self.said.put_nowait(data)

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.ends.append(exc)


async def test_replies_come_to_the_protocol_that_took_over(redis_server, settings):
    heard = Heard()
    await heard.connect(settings.REDIS_URL)
    heard.transport.write(b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n")
    assert await heard.said.get() == b"$5\r\nhello\r\n"
    await heard.aclose()
    assert (heard.transport, heard.ends) == (None, [None])


async def test_it_is_in_the_database_that_the_url_names(redis_server, settings):
    heard = Heard()
    await heard.connect(settings.REDIS_URL)
    heard.transport.write(b"*2\r\n$6\r\nCLIENT\r\n$4\r\nINFO\r\n")
    number = settings.REDIS_URL.rpartition("/")[2]
    assert f" db={number} ".encode() in await heard.said.get()
    await heard.aclose()


async def test_a_connection_that_is_cut_can_be_closed(redis_server, settings):
    heard = Heard()
    await heard.connect(settings.REDIS_URL)
    heard.abort()
    await heard.aclose()
    assert len(heard.ends) == 1
    await heard.aclose()
    del heard
    gc.collect()  # an open transport would warn


async def test_no_server_is_an_error_of_redis():
    with pytest.raises(redis.ConnectionError):
        await Heard().connect(f"redis://127.0.0.1:{free_port()}/0")


async def test_a_wrong_password_is_an_error_of_redis(redis_server, settings):
    url = settings.REDIS_URL.replace("redis://", "redis://nobody:wrong@")
    with pytest.raises(redis.RedisError):
        await Heard().connect(url)
