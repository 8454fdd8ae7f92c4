"""What holds for both journals, whichever the settings choose."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from tests.usage.records import a_record
from tests.usage.test_journal import a_disk_with_room_for
from usage.flusher import Flusher
from usage.journals import FILES, REDIS, Journals, is_redis_chosen
from usage.models import UsageRow

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[FILES, REDIS])
def chosen(request, settings, tmp_path):
    """Makes the journals of a worker."""
    if request.param == REDIS:
        settings.REDIS_URL = request.getfixturevalue("redis_url")
    settings.DATA_DIR, settings.GATEWAY_USAGE_JOURNAL = tmp_path, request.param
    return Journals.of_settings


def flusher_of(journals, **options):
    return Flusher(journals.files, syncs=False, stream=journals.stream, **options)


async def stored():
    return await sync_to_async(lambda: sorted(UsageRow.objects.values_list("pk", flat=True)))()


async def wrote(journals, *names):
    """Have a worker that is about to die write records."""
    await journals.journal.start()
    for name in names:
        journals.journal.append(a_record(request_id=name))
    await journals.journal.written()


async def dead(journals):
    """End as a killed process does, as far as files and sockets go."""
    await journals.journal.end()
    journals.files.close()
    if journals.stream is not None:
        journals.stream.close()


async def test_a_record_reaches_the_database_and_leaves_the_journal(chosen):
    journals = chosen()
    await wrote(journals, "req_1", "req_2")
    flusher = flusher_of(journals)
    assert await flusher.flush()
    assert await stored() == ["req_1", "req_2"]
    assert journals.journal.diverted == journals.journal.lost == 0
    await journals.journal.end()
    await flusher.stop()
    again = []
    flusher = flusher_of(other := chosen(), on_stored=again.extend)
    assert await flusher.flush()
    assert again == []
    await dead(other)
    await flusher.stop()


async def test_records_of_a_dead_worker_are_stored_by_another(chosen):
    journals = chosen()
    await wrote(journals, "req_1")
    await dead(journals)
    other = flusher_of(chosen())
    assert await other.flush()
    assert await stored() == ["req_1"]
    await other.stop()


async def test_what_is_left_is_flushed_at_the_end(chosen):
    journals = chosen()
    flusher = flusher_of(journals)
    await wrote(journals, "req_1")
    await journals.journal.end()
    await flusher.stop()
    assert await stored() == ["req_1"]


async def test_what_is_stored_is_told_with_its_marks(chosen):
    journals, told = chosen(), []
    await journals.journal.start()
    record = a_record(request_id="req_1", limit_marks=["limit:1"], model='a "name"\r\n$5')
    journals.journal.append(record)
    await journals.journal.written()
    flusher = flusher_of(journals, on_stored=told.extend)
    assert await flusher.flush()
    assert told == [record]
    await journals.journal.end()
    await flusher.stop()


async def test_two_workers_store_each_record_once(chosen):
    both = [chosen(), chosen()]
    for number, journals in enumerate(both):
        await wrote(journals, *(f"req_{number}{n}" for n in range(5)))
    told = []
    flushers = [flusher_of(journals, on_stored=told.extend) for journals in both]
    assert all(await asyncio.gather(*(flusher.flush() for flusher in flushers)))
    expected = [f"req_{number}{n}" for number in range(2) for n in range(5)]
    assert await stored() == sorted(record.request_id for record in told) == expected
    for journals, flusher in zip(both, flushers, strict=True):
        await journals.journal.end()
        await flusher.stop()


async def test_a_record_that_nothing_takes_is_lost_and_counted(chosen, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"  # where no server is
    journals = chosen()
    await journals.journal.start()
    with a_disk_with_room_for(10):
        journals.journal.append(a_record())
    assert (journals.journal.lost, journals.journal.is_failing) == (1, True)
    await dead(journals)


def test_files_are_the_default(settings):
    assert settings.GATEWAY_USAGE_JOURNAL == FILES
    assert not is_redis_chosen()


def test_without_a_redis_records_go_to_files(settings):
    settings.GATEWAY_USAGE_JOURNAL, settings.REDIS_URL = REDIS, ""
    assert not is_redis_chosen()
    journals = Journals.of_settings()
    assert journals.journal is journals.files
