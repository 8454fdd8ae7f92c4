import pytest
import redis
from django.db import OperationalError

from tests.usage.records import a_record
from usage import journal_stream
from usage.journal_link import FIELD, KEY
from usage.journal_stream import (
    GROUP,
    JournalStream,
    flushed,
    move_stream,
    stream_state,
    try_to_move,
)
from usage.models import UsageRow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream(redis_url):
    stream = JournalStream(redis_url)
    yield stream
    stream.close()


@pytest.fixture
def server(redis_url):
    with redis.Redis.from_url(redis_url) as server:
        yield server


def add(server, *names):
    for name in names:
        server.xadd(KEY, {FIELD: a_record(request_id=name).as_line()})


def stored():
    return sorted(UsageRow.objects.values_list("pk", flat=True))


def refuse(records):
    raise OperationalError("the database is away")


def test_records_are_stored_and_leave_the_stream(stream, server):
    add(server, "req_1", "req_2")
    assert move_stream(stream) == 2
    assert stored() == ["req_1", "req_2"]
    assert (server.xlen(KEY), server.xpending(KEY, GROUP)["pending"], stream.length) == (0, 0, 0)


def test_an_empty_redis_is_asked_for_nothing(stream, server):
    assert move_stream(stream) == 0
    assert not server.exists(KEY)


def test_batches_follow_each_other(stream, server, monkeypatch):
    monkeypatch.setattr(journal_stream, "BATCH", 2)
    monkeypatch.setattr(journal_stream, "MOST_BATCHES", 2)
    add(server, *(f"req_{n}" for n in range(5)))
    assert [move_stream(stream), stream.length, move_stream(stream)] == [4, 1, 1]


def test_a_database_that_is_away_keeps_them_in_redis(stream, server, caplog):
    add(server, "req_1")
    assert not try_to_move(stream, None, refuse)
    assert (stored(), server.xlen(KEY)) == ([], 1)
    assert "usage stays in Redis" in caplog.text


def test_a_redis_that_is_away_is_no_failure_of_the_database():
    stream = JournalStream("redis://127.0.0.1:1/0")
    assert try_to_move(stream, None, refuse)
    stream.close()


def test_what_another_has_taken_is_left_to_it_for_a_while(stream, server):
    add(server, "req_1")
    try_to_move(stream, None, refuse)
    assert move_stream(stream) == 0


def test_what_a_dead_worker_has_taken_is_claimed(stream, server, redis_url):
    add(server, "req_1", "req_2")
    try_to_move(stream, None, refuse)
    add(server, "req_3")
    other = JournalStream(redis_url, claim_seconds=0)
    assert move_stream(other) == 3
    assert (stored(), server.xlen(KEY)) == (["req_1", "req_2", "req_3"], 0)
    other.close()


def test_a_record_that_two_workers_took_is_stored_and_told_once(stream, server, redis_url):
    add(server, "req_1")
    told = []

    def store_slowly(records):
        """Meanwhile another worker claims what this one has taken."""
        other = JournalStream(redis_url, claim_seconds=0)
        move_stream(other, told.extend)
        other.close()
        journal_stream.store(records)

    move_stream(stream, told.extend, store_slowly)
    assert stored() == [record.request_id for record in told] == ["req_1"]


def test_a_redis_that_was_emptied_gets_its_group_again(stream, server):
    add(server, "req_1")
    move_stream(stream)
    server.delete(KEY)
    add(server, "req_2")
    assert move_stream(stream) == 1
    assert stored() == ["req_1", "req_2"]


def test_entries_that_are_no_records_are_told_and_removed(stream, server, caplog):
    server.xadd(KEY, {FIELD: b'{"torn": '})
    server.xadd(KEY, {b"other": b"1"})
    add(server, "req_1")
    assert stream_state_of(server) == {"in_redis": 1, "torn_in_redis": 2}
    assert move_stream(stream) == 1
    assert "2 entries of the usage journal" in caplog.text
    assert server.xlen(KEY) == 0


def stream_state_of(server):
    options = server.get_connection_kwargs()
    return stream_state(f"redis://{options['host']}:{options['port']}/{options['db']}")


def test_the_state_counts_what_was_taken_too(stream, server, redis_url, monkeypatch):
    monkeypatch.setattr(journal_stream, "BATCH", 2)
    add(server, *(f"req_{n}" for n in range(5)))
    try_to_move(stream, None, refuse)
    assert stream_state(redis_url) == {"in_redis": 5, "torn_in_redis": 0}


def test_a_command_moves_all_that_is_there(stream, server, redis_url, monkeypatch):
    monkeypatch.setattr(journal_stream, "BATCH", 2)
    monkeypatch.setattr(journal_stream, "MOST_BATCHES", 1)
    add(server, *(f"req_{n}" for n in range(5)))
    try_to_move(stream, None, refuse)
    assert flushed(redis_url) == {"moved_from_redis": 5}
    assert stored() == [f"req_{n}" for n in range(5)]
