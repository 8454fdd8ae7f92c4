from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.callers import CallerCache
from accounts.changes import current_versions
from accounts.last_used import LastUsed, last_used
from accounts.models import ApiKey, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def row():
    return ApiKey.objects.issue(User.objects.create_user("alice"))[0]


async def test_use_is_written_down_at_the_next_flush(row):
    used, before = LastUsed(), timezone.now()
    used.note(row.pk)

    await used.flush()

    await row.arefresh_from_db()
    assert before <= row.last_used_at <= timezone.now()


async def test_time_never_goes_back(row):
    later = timezone.now() + timedelta(minutes=5)
    await ApiKey.objects.aupdate(last_used_at=later)
    used = LastUsed()
    used.note(row.pk)

    await used.flush()

    await row.arefresh_from_db()
    assert row.last_used_at == later


async def test_use_is_no_change_that_workers_must_hear_of(row):
    before, used = await database_sync_to_async(current_versions)(), LastUsed()
    used.note(row.pk)

    await used.flush()

    assert await database_sync_to_async(current_versions)() == before


async def test_use_is_kept_while_the_database_is_down(row):
    used = LastUsed()
    used.note(row.pk)

    def refuse(*arguments):
        raise OperationalError("the database is down")

    await database_sync_to_async(connection.execute_wrappers.append)(refuse)
    await used.flush()
    await database_sync_to_async(connection.execute_wrappers.remove)(refuse)
    await used.flush()

    await row.arefresh_from_db()
    assert row.last_used_at is not None


async def test_found_caller_is_noted_as_used():
    alice = await User.objects.acreate(username="alice")
    row, key = await database_sync_to_async(ApiKey.objects.issue)(alice)
    await CallerCache(stale_seconds=600).find(key)

    await last_used.flush()

    await row.arefresh_from_db()
    assert row.last_used_at is not None
