import asyncio
import logging

import pytest
import redis

from infrastructure.outages import outages
from infrastructure.redis_outage import REDIS
from tests.support.processes import PATIENCE_SECONDS
from tests.usage.records import a_record
from tests.usage.test_journal import names
from usage import redis_journal
from usage.journal import Journal
from usage.journal_link import FIELD, KEY
from usage.record import UsageRecord
from usage.redis_journal import RedisJournal

QUICK = 0.05


@pytest.fixture(autouse=True)
def _reachable(monkeypatch):
    monkeypatch.setattr(redis_journal, "REST_SECONDS", 0.01)
    yield
    outages.end(REDIS)


async def until(is_true):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_true():  # noqa: ASYNC110 - what is waited for tells nobody
            await asyncio.sleep(0.01)


def in_redis(url):
    with redis.Redis.from_url(url) as client:
        return [UsageRecord.from_line(fields[FIELD]).request_id for _, fields in client.xrange(KEY)]


async def started(url, directory, **options):
    journal = RedisJournal(url, Journal(directory), **options)
    await journal.start()
    return journal


async def appended(journal, *names):
    for name in names:
        journal.append(a_record(request_id=name))
    await journal.written()


async def test_what_is_written_is_in_redis_and_in_no_file(redis_url, journal_directory):
    journal = await started(redis_url, journal_directory)
    await appended(journal, "req_1", "req_2")
    assert in_redis(redis_url) == ["req_1", "req_2"]
    assert (names(journal_directory), journal.diverted) == ([], 0)
    await journal.end()


async def test_the_end_waits_for_what_was_sent(redis_url, journal_directory):
    journal = await started(redis_url, journal_directory)
    journal.append(a_record(request_id="req_1"))
    await journal.end()
    assert (in_redis(redis_url), names(journal_directory)) == (["req_1"], [])


async def test_without_a_server_files_take_the_records(journal_directory, caplog):
    caplog.set_level(logging.WARNING)
    journal = await started("redis://:geheim@127.0.0.1:1/0", journal_directory)
    await appended(journal, "req_1", "req_2")
    assert (names(journal_directory), journal.diverted) == (["req_1", "req_2"], 2)
    assert (journal.lost, journal.is_failing) == (0, False)
    assert caplog.text.count("usage records go to the journal in DATA_DIR") == 1
    assert "geheim" not in caplog.text
    await journal.end()


async def test_a_server_that_dies_loses_no_record_and_is_found_again(own_redis, journal_directory):
    journal = await started(own_redis.url, journal_directory)
    await appended(journal, "req_1")
    own_redis.kill()
    await appended(journal, "req_2")
    await until(lambda: not journal.is_linked)
    assert names(journal_directory) == ["req_2"]
    own_redis.start()
    await until(lambda: journal.is_linked)
    await appended(journal, "req_3")
    assert in_redis(own_redis.url) == ["req_3"]
    assert journal.diverted == 1
    await journal.end()


async def test_a_server_that_is_silent_holds_no_response_up(own_redis, journal_directory):
    journal = await started(own_redis.url, journal_directory, cap_seconds=QUICK)
    with own_redis.frozen():
        await appended(journal, "req_1")
        assert names(journal_directory) == ["req_1"]
        await appended(journal, "req_2")  # at once: there is no connection
    assert names(journal_directory) == ["req_1", "req_2"]
    await journal.end()


async def test_a_server_that_is_full_takes_no_record_and_loses_none(own_redis, journal_directory):
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", 1)
    journal = await started(own_redis.url, journal_directory)
    await appended(journal, "req_1")
    assert (names(journal_directory), journal.diverted) == (["req_1"], 1)
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory", 0)
    await appended(journal, "req_2")
    assert in_redis(own_redis.url) == ["req_2"]
    await journal.end()


async def test_a_connection_that_the_server_closes_is_opened_again(own_redis, journal_directory):
    journal = await started(own_redis.url, journal_directory)
    with redis.Redis.from_url(own_redis.url) as client:
        before = {each["id"] for each in client.client_list()}
        client.client_kill_filter(_type="normal", skipme=True)
        await until(lambda: {each["id"] for each in client.client_list()} - before)
        await until(lambda: journal.is_linked)
    await appended(journal, "req_1")
    assert (in_redis(own_redis.url), journal.diverted) == (["req_1"], 0)
    await journal.end()
