from datetime import UTC, datetime

import pytest

from tests.usage.records import a_log, a_record
from usage.models import UsageRow
from usage.storing import store

pytestmark = pytest.mark.django_db


def test_a_record_becomes_a_row():
    store([a_record(request_id="req_1", accepted_at=1_750_000_000.25, first_byte_ms=12)])
    row = UsageRow.objects.get()
    assert (row.request_id, row.username, row.model) == ("req_1", "ada", "gpt-4o")
    assert row.accepted_at == datetime(2025, 6, 15, 15, 6, 40, 250_000, tzinfo=UTC)
    assert (row.prompt_tokens, row.completion_tokens, row.tokens_from) == (1000, 100, "upstream")
    assert (row.first_byte_ms, row.cost) == (12, None)


def test_what_is_stored_twice_is_there_once():
    store([a_record(request_id="req_1"), a_record(request_id="req_2")])
    store([a_record(request_id="req_2", model="other"), a_record(request_id="req_3")])
    assert list(UsageRow.objects.values_list("request_id", "model").order_by("pk")) == [
        ("req_1", "gpt-4o"),
        ("req_2", "gpt-4o"),
        ("req_3", "gpt-4o"),
    ]


def test_one_batch_may_hold_a_request_twice():
    store([a_record(request_id="req_1"), a_record(request_id="req_1")])
    assert UsageRow.objects.count() == 1


def test_what_does_not_fit_is_cut():
    store([a_record(model="m\0" * 500, duration_ms=2**64, attempts=10**6)])
    row = UsageRow.objects.get()
    assert (row.model, row.duration_ms, row.attempts) == ("m" * 256, 2**31 - 1, 2**15 - 1)


def test_a_record_that_cannot_be_stored_holds_up_no_other(caplog):
    store([a_record(request_id=f"req_{n}", user_id=-(2**70) if n == 3 else 7) for n in range(6)])
    assert UsageRow.objects.count() == 5
    assert "cannot be stored" in caplog.text


@pytest.mark.parametrize(
    "fields", [{"username": None}, {"prompt_tokens": "many"}, {"accepted_at": 1e300}]
)
def test_a_record_that_makes_no_row_holds_up_no_other(caplog, fields):
    store([a_record(request_id=f"req_{n}", **(fields if n == 3 else {})) for n in range(6)])
    assert UsageRow.objects.count() == 5
    assert "makes no row" in caplog.text


def test_what_fits_is_left_alone():
    store([a_record(model="m" * 256, username="ü" * 150, client_request_id="a\tb\\N\n")])
    row = UsageRow.objects.get()
    assert (row.model, row.username) == ("m" * 256, "ü" * 150)
    assert row.client_request_id == "a\tb\\N\n"


def test_a_batch_moved_again_brings_what_is_new_in_it():
    batch = [a_record(request_id=f"req_{n}") for n in range(5)]
    store(batch[1:3])
    store(batch)
    assert UsageRow.objects.count() == 5


def test_an_empty_batch_is_stored():
    store([])
    assert not UsageRow.objects.exists()


def test_a_log_of_attempts_is_stored():
    log = a_log()
    store([a_record(request_id="req_1", attempt_log=log), a_record(request_id="req_2")])
    store([a_record(request_id="req_1"), a_record(request_id="req_3", attempt_log=log)])
    rows = UsageRow.objects.order_by("pk")
    assert [row.attempt_log for row in rows] == [log, None, log]


def test_words_that_no_database_takes_cost_no_record():
    store([a_record(attempt_log=a_log(code="\0\ud800"))])
    assert UsageRow.objects.get().attempt_log[1]["code"] == "??"


def test_marks_of_limits_are_stored_and_none_are_null():
    store([a_record(request_id="req_1", limit_marks=["3:u7:0"]), a_record(request_id="req_2")])
    assert list(UsageRow.objects.order_by("pk").values_list("limit_marks", flat=True)) == [
        ["3:u7:0"],
        None,
    ]
