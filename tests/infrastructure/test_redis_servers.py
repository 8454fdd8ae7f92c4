import asyncio
import re

import pytest

from infrastructure.redis_servers import (
    async_client,
    blocking_async_client,
    channel_host,
    client,
    problem_of,
    sentinels_of,
)
from tests.support.environment import ROOT
from tests.support.processes import PATIENCE_SECONDS

SENTINEL = "redis+sentinel://ada:p%40w@one:1,two/Mine/3"


def test_a_server_is_no_sentinel():
    assert sentinels_of("redis://:pw@localhost:6379/0") is None


def test_sentinels_are_named_with_their_master():
    found = sentinels_of(SENTINEL)
    assert (found.name, found.addresses) == ("Mine", (("one", 1), ("two", 26379)))
    assert found.master == {"username": "ada", "password": "p@w", "db": 3}
    assert "password" not in found.options
    assert "username" not in found.options
    assert "p@w" not in repr(found)


def test_an_address_of_ipv6_stands_in_brackets():
    found = sentinels_of("redis+sentinel://[::1]:5,[::2]/mine")
    assert found.addresses == (("::1", 5), ("::2", 26379))


def test_sentinels_have_credentials_of_their_own():
    found = sentinels_of(f"{SENTINEL}?sentinel_username=s&sentinel_password=secret")
    assert (found.options["username"], found.options["password"]) == ("s", "secret")
    assert found.master["password"] == "p@w"


def test_tls_holds_for_both():
    found = sentinels_of("rediss+sentinel://one/mine?ssl_ca_certs=/ca.pem")
    for options in (found.options, found.master):
        assert (options["ssl"], options["ssl_ca_certs"]) == (True, "/ca.pem")


def test_sentinels_may_be_without_tls():
    found = sentinels_of("rediss+sentinel://one/mine?ssl_ca_certs=/ca.pem&sentinel_ssl=false")
    assert not [name for name in found.options if name.startswith("ssl")]
    assert found.master["ssl"] is True


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://one,two", "lacks the name of the master"),
        ("redis+sentinel://one:port/mine", "the port of a Sentinel cannot be read"),
        ("redis+sentinel://one,,two/mine", "one of its Sentinels has no host"),
        ("redis+sentinel:///mine", "one of its Sentinels has no host"),
        ("redis+sentinel://one/mine?sentinel_port=1", "`sentinel_port` is not known"),
        ("redis+sentinel://one/mine?sentinel_ssl=maybe", "`sentinel_ssl` is neither"),
        ("redis+sentinel://one/mine/0?socket_timeout=soon", "options cannot be read"),
        ("redis+cluster://one", "names a Redis Cluster"),
        ("http://one", "begins with http://"),
        ("one:6379", "it is not a URL"),
        ("redis://", "it names no host"),
        ("redis://:pw-secret@one:port", "host, port or options cannot be read"),
    ],
)
def test_what_is_wrong_is_said(url, said):
    assert said in problem_of(url)
    assert "pw-secret" not in problem_of(url)


@pytest.mark.parametrize(
    "url", [SENTINEL, "rediss+sentinel://one/mine", "rediss://one", "unix:///run/redis.sock"]
)
def test_nothing_is_wrong_with_what_is_documented(url):
    assert problem_of(url) == ""


def test_a_channel_layer_is_told_of_sentinels():
    host = channel_host(SENTINEL, socket_timeout=None)
    assert host["sentinels"] == (("one", 1), ("two", 26379))
    assert (host["master_name"], host["db"], host["socket_timeout"]) == ("Mine", 3, None)


def test_a_wrong_url_is_left_to_the_check():
    assert channel_host("redis+sentinel://one") == {"address": "redis+sentinel://one"}


def test_a_client_of_a_server_works(redis_server):
    with client(redis_server.address) as server:
        assert server.ping()


async def test_callers_wait_for_a_connection_that_is_free(redis_server):
    options = {"most": 2, "wait_seconds": PATIENCE_SECONDS}
    async with blocking_async_client(redis_server.address, **options) as client:
        assert await asyncio.gather(*(client.ping() for _ in range(20))) == [True] * 20
        assert client.connection_pool.max_connections == 2


@pytest.mark.parametrize("name", ["docs/operations.md", "docs/configuration.md", ".env.example"])
def test_the_documented_urls_can_be_used(name):
    text = (ROOT / name).read_text().replace("[user:password@]", "user:password@")
    urls = re.findall(r"rediss?\+sentinel://[^\s'`]+", text)
    whole = [url for url in urls if "/" in url.partition("://")[2]]
    assert whole
    assert [problem_of(url) for url in whole] == [""] * len(whole)


@pytest.mark.parametrize("steps", range(6))
async def test_a_client_whose_closing_is_cancelled_closes_its_connections(redis_server, steps):
    async def used():
        async with client:
            connection = await client.connection_pool.get_connection()
            await client.connection_pool.release(connection)
            opened.set_result(connection)

    client = async_client(redis_server.address)
    opened = asyncio.get_running_loop().create_future()
    using = asyncio.ensure_future(used())
    connection = await opened
    for _ in range(steps):  # into the closing
        await asyncio.sleep(0)
    using.cancel()
    await asyncio.wait([using])
    assert not connection.is_connected
