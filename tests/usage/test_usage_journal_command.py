import io
import json

import pytest
import redis
from django.core.management import CommandError, call_command

from tests.usage.records import a_record
from usage.journal import Journal
from usage.journal_link import FIELD, KEY
from usage.models import UsageRow

pytestmark = pytest.mark.django_db(transaction=True)
EMPTY = {"segments": 0, "held": 0, "bytes": 0, "records": 0, "torn": 0}


@pytest.fixture(autouse=True)
def _data_directory(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def said(action):
    out = io.StringIO()
    call_command("usage_journal", action, "--json", stdout=out)
    found = json.loads(out.getvalue())
    del found["schema_version"]
    return found


def add(url, *lines):
    with redis.Redis.from_url(url) as client:
        for line in lines:
            client.xadd(KEY, {FIELD: line})


def test_without_redis_files_alone_are_told_of(settings):
    settings.REDIS_URL = ""
    assert said("status") == EMPTY
    assert said("flush") == {"moved": 0}


def test_records_in_redis_are_told_and_moved_whichever_the_journal_is(settings, redis_url):
    settings.REDIS_URL = redis_url
    journal = Journal(settings.DATA_DIR / "journal")
    journal.append(a_record(request_id="req_1"))
    journal.close()
    add(redis_url, a_record(request_id="req_2").as_line())
    found = said("status")
    assert (found["records"], found["in_redis"], found["torn_in_redis"]) == (1, 1, 0)
    assert said("flush") == {"moved": 1, "moved_from_redis": 1}
    assert UsageRow.objects.count() == 2
    assert said("verify") == EMPTY | {"in_redis": 0, "torn_in_redis": 0}


def test_a_torn_record_in_redis_is_an_error(settings, redis_url):
    settings.REDIS_URL = redis_url
    add(redis_url, b"{")
    with pytest.raises(CommandError, match="Torn lines"):
        said("verify")


@pytest.mark.parametrize("action", ["status", "flush"])
def test_a_redis_that_does_not_answer_is_told_without_its_password(settings, action):
    settings.REDIS_URL = "redis://:geheim@127.0.0.1:1/0"
    with pytest.raises(CommandError, match="Redis does not answer") as raised:
        said(action)
    assert "geheim" not in str(raised.value)


def test_lines_are_for_people(settings, redis_url):
    settings.REDIS_URL = redis_url
    out = io.StringIO()
    call_command("usage_journal", "status", stdout=out)
    assert "in_redis" in out.getvalue()
