from datetime import UTC, datetime, timedelta

import pytest

from tests.usage.records import a_log, a_record
from usage.error_texts import forget_error_texts
from usage.models import UsageRow
from usage.pruning import prune
from usage.storing import store

pytestmark = pytest.mark.django_db

NOW = datetime.now(UTC)


def stored(name, days, text="Sorry."):
    at = (NOW - timedelta(days=days)).timestamp()
    store([a_record(request_id=name, accepted_at=at, attempt_log=a_log(error_text=text))])


def texts():
    logs = UsageRow.objects.order_by("pk").values_list("attempt_log", flat=True)
    return [[attempt.get("error_text") for attempt in log or []] for log in logs]


def test_words_are_forgotten_when_they_are_old_and_nothing_else():
    stored("req_1", days=13)
    stored("req_2", days=15)
    stored("req_3", days=15, text="")
    before = UsageRow.objects.get(pk="req_3").attempt_log
    assert forget_error_texts() == 1
    assert forget_error_texts() == 0
    assert texts() == [[None, "Sorry.", None], [None] * 3, [None] * 3]
    assert UsageRow.objects.get(pk="req_2").attempt_log == before


def test_they_are_kept_as_long_as_is_set(settings):
    settings.GATEWAY_ERROR_TEXT_DAYS = 1
    stored("req_1", days=2)
    assert forget_error_texts(now=NOW - timedelta(days=2)) == 0
    assert forget_error_texts() == 1


def test_words_that_speak_of_the_field_keep_no_record_from_being_passed():
    for number, text in enumerate(['{"error_text": "x"}', "error_text"]):
        stored(f"req_{number}", days=15, text=text)
    log = a_log(code='"error_text":') + a_log(code="error_text")
    store([a_record(request_id="req_3", accepted_at=0.0, attempt_log=log)])
    assert forget_error_texts() == 2
    assert forget_error_texts() == 0


def test_pruning_forgets_them_too():
    stored("req_1", days=15)
    assert prune(timedelta(days=90)) == 0
    assert texts() == [[None] * 3]
