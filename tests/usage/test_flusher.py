from itertools import count

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from tests.usage.records import a_record
from usage import flusher as flushing
from usage.flusher import Flusher
from usage.journal import Journal, segments
from usage.models import UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db(transaction=True)


def request_ids():
    return sorted(UsageRow.objects.values_list("pk", flat=True))


async def stored():
    return await sync_to_async(request_ids)()


async def test_records_reach_the_database_and_leave_the_journal(journal_directory):
    journal = Journal(journal_directory)
    flusher = Flusher(journal, syncs=True)
    journal.append(a_record(request_id="req_1"))
    journal.append(a_record(request_id="req_2"))
    assert await flusher.flush()
    assert (await stored(), segments(journal_directory)) == (["req_1", "req_2"], [])
    await flusher.stop()


async def test_the_journal_of_a_dead_worker_is_adopted(journal_directory):
    dead = Journal(journal_directory)
    dead.append(a_record(request_id="req_1"))
    dead.close()
    flusher = Flusher(Journal(journal_directory), syncs=False)
    assert await flusher.flush()
    assert await stored() == ["req_1"]
    await flusher.stop()


async def test_the_journal_of_a_living_worker_is_left_alone(journal_directory):
    living = Journal(journal_directory)
    living.append(a_record(request_id="req_1"))
    flusher = Flusher(Journal(journal_directory), syncs=False)
    assert await flusher.flush()
    assert (await stored(), len(segments(journal_directory))) == ([], 1)
    await flusher.stop()
    living.close()


async def test_what_is_left_is_flushed_at_the_end(journal_directory):
    journal = Journal(journal_directory)
    flusher = Flusher(journal, syncs=False)
    journal.append(a_record(request_id="req_1"))
    await flusher.stop()
    assert await stored() == ["req_1"]


async def test_a_torn_last_line_is_passed_over_and_told(journal_directory, caplog):
    dead = Journal(journal_directory)
    dead.append(a_record(request_id="req_1"))
    dead.close()
    (segment,) = segments(journal_directory)
    segment.write_bytes(segment.read_bytes() + a_record(request_id="req_2").as_line()[:90])
    flusher = Flusher(Journal(journal_directory), syncs=False)
    assert await flusher.flush()
    assert (await stored(), segments(journal_directory)) == (["req_1"], [])
    assert "1 lines of the usage journal" in caplog.text
    await flusher.stop()


async def test_what_is_moved_in_two_tries_is_told_of_once(journal_directory, monkeypatch):
    calls = count(1)

    def store_but_for_the_second(records):
        if next(calls) == 2:
            raise OperationalError("the database is away")
        store(records)

    monkeypatch.setattr(flushing, "BATCH", 1)
    told = []
    journal = Journal(journal_directory)
    flusher = Flusher(journal, syncs=False, on_stored=told.extend, store=store_but_for_the_second)
    journal.append(a_record(request_id="req_1"))
    journal.append(a_record(request_id="req_2"))
    assert not await flusher.flush()
    assert (await stored(), told) == (["req_1"], [])
    assert await flusher.flush()
    assert await stored() == [record.request_id for record in told] == ["req_1", "req_2"]
    await flusher.stop()


async def test_what_nobody_foresaw_keeps_no_worker_from_its_end(journal_directory, caplog):
    def fail(records):
        raise RuntimeError("unforeseen")

    dead = Journal(journal_directory)
    dead.append(a_record(request_id="req_1"))
    dead.close()
    journal = Journal(journal_directory)
    journal.append(a_record(request_id="req_2"))
    await Flusher(journal, syncs=False, on_stored=fail).stop()
    assert (await stored(), len(segments(journal_directory))) == (["req_1"], 1)
    assert "cannot be flushed" in caplog.text
    next_one = Flusher(Journal(journal_directory), syncs=False)
    assert await next_one.flush()  # the journal was let go of
    assert await stored() == ["req_1", "req_2"]
    await next_one.stop()
