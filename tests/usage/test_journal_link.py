"""The link against a server that says what a test wants; a real one is in test_redis_journal.py."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from tests.usage.records import a_record
from usage.journal_link import ADD, JournalLink

CONFIRMED = b"$15\r\n1700000000000-0\r\n"
PATIENT = 60.0


class Transport:
    """Takes what is written."""

    def __init__(self, protocol):
        self.written = b""
        self.is_aborted = False
        self._protocol = protocol

    def write(self, data):
        self.written += data

    def is_closing(self):
        return self.is_aborted

    def abort(self):
        self.is_aborted = True
        asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)


class Linked(JournalLink):
    """A link to no server: replies are given by hand."""

    def __init__(self, *, cap_seconds=PATIENT):
        self.given_back = []
        super().__init__(
            give_back=lambda record, why: self.given_back.append((record.request_id, why)),
            cap_seconds=cap_seconds,
        )
        self.transport = Transport(self)
        self._before = asyncio.Protocol()


@asynccontextmanager
async def waiting(link):
    """A task that waits for all that was sent."""
    task = asyncio.create_task(link.settled())
    await asyncio.sleep(0)
    yield task
    task.cancel()


async def test_a_record_is_written_as_a_command_at_once():
    link, record = Linked(), a_record()
    assert link.send(record)
    line = record.as_line()
    assert link.transport.written == ADD + b"$%d\r\n%b\r\n" % (len(line), line)


async def test_a_reply_that_comes_in_parts_is_put_together():
    link = Linked()
    link.send(a_record())
    async with waiting(link) as task:
        for byte in CONFIRMED[:-1]:
            link.data_received(bytes([byte]))
        await asyncio.sleep(0)
        assert not task.done()
        link.data_received(CONFIRMED[-1:])
        await task
    assert link.given_back == []


async def test_each_waits_for_what_was_sent_before_it_alone():
    link = Linked()
    link.send(a_record())
    async with waiting(link) as first:
        link.send(a_record())
        async with waiting(link) as second:
            link.data_received(CONFIRMED)
            await first
            assert not second.done()
            link.data_received(CONFIRMED)
            await second


async def test_a_cancelled_wait_ends_no_other():
    link = Linked()
    link.send(a_record())
    async with waiting(link) as cancelled, waiting(link) as other:
        cancelled.cancel()
        await asyncio.sleep(0)
        link.data_received(CONFIRMED)
        await other


async def test_an_error_gives_its_record_back_and_no_other():
    link = Linked()
    for number in range(3):
        link.send(a_record(request_id=f"req_{number}"))
    link.data_received(CONFIRMED + b"-OOM command not allowed\r\n" + CONFIRMED)
    await link.settled()
    assert link.given_back == [("req_1", "Redis says OOM command not allowed")]
    assert not link.transport.is_aborted


@pytest.mark.parametrize("said", ["READONLY You can't write", "WRONGTYPE Operation against"])
async def test_a_server_that_takes_no_records_is_left(said):
    link = Linked()
    link.send(a_record(request_id="req_1"))
    link.send(a_record(request_id="req_2"))
    link.data_received(f"-{said}\r\n".encode())
    await link.lost.wait()
    assert [name for name, _ in link.given_back] == ["req_1", "req_2"]


@pytest.mark.parametrize("said", [b"+OK\r\n", b">2\r\n", b"*1\r\n"])
async def test_a_server_that_speaks_otherwise_is_left(said):
    link = Linked()
    link.send(a_record(request_id="req_1"))
    link.data_received(said)
    await link.settled()
    assert link.given_back == [("req_1", "Redis sends what is no reply")]


async def test_a_reply_to_nothing_is_no_reply():
    link = Linked()
    link.data_received(CONFIRMED)
    await link.lost.wait()


async def test_a_lost_connection_gives_all_back_and_wakes_who_waits():
    link = Linked()
    link.send(a_record(request_id="req_1"))
    async with waiting(link) as task:
        link.transport.abort()
        await task
    assert link.given_back == [("req_1", "the connection was lost")]
    assert not link.send(a_record())


async def test_no_reply_in_time_is_a_lost_connection():
    link = Linked(cap_seconds=0.01)
    link.send(a_record(request_id="req_1"))
    await link.settled()
    assert link.given_back == [("req_1", "Redis does not reply in time")]
