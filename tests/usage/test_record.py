import pytest

from tests.usage.records import a_record, an_ended_exchange
from usage.attempts import Attempt
from usage.record import UsageRecord


def test_a_line_is_read_as_it_was_written():
    record = a_record()
    assert UsageRecord.from_line(record.as_line()) == record


def test_a_client_that_left_before_its_answer_has_status_499():
    record = UsageRecord.of(an_ended_exchange(status=0, is_client_gone=True))
    assert record.status == 499


def test_a_client_that_left_in_mid_answer_keeps_the_status_it_was_given():
    record = UsageRecord.of(an_ended_exchange(status=200, is_client_gone=True))
    assert record.status == 200


def test_half_a_surrogate_does_not_stop_the_ledger():
    line = a_record(model="gpt-\ud800").as_line()
    assert UsageRecord.from_line(line).model == "gpt-?"


def test_a_number_beyond_all_bounds_does_not_stop_the_ledger():
    line = a_record(prompt_tokens=2**70).as_line()
    assert UsageRecord.from_line(line).prompt_tokens == 2**63 - 1


@pytest.mark.parametrize("cut", [2, 40, 200])
def test_a_torn_line_is_no_record(cut):
    with pytest.raises(ValueError, match=r"usage record|unexpected|EOF|end"):
        UsageRecord.from_line(a_record().as_line()[:-cut])


@pytest.mark.parametrize("line", [b"[]", b"{}", b"7", b'{"key_id": 7}'])
def test_other_json_is_no_record(line):
    with pytest.raises(ValueError):  # noqa: PT011 - any will do
        UsageRecord.from_line(line)


def test_a_line_of_an_earlier_version_is_read():
    line = a_record(overhead_us=5).as_line().replace(b',"overhead_us":5', b"")
    assert b"overhead_us" not in line
    assert UsageRecord.from_line(line).overhead_us is None


def test_a_field_of_a_later_version_is_passed_over():
    line = a_record().as_line().replace(b"{", b'{"colour":"red",', 1)
    assert UsageRecord.from_line(line) == a_record(
        accepted_at=UsageRecord.from_line(line).accepted_at
    )


def test_attempts_are_a_number_and_a_log_where_the_first_did_not_succeed():
    exchange = an_ended_exchange()
    assert (UsageRecord.of(exchange).attempts, UsageRecord.of(exchange).attempt_log) == (1, [])
    limited = Attempt("azure-eu", "gpt-4o", "…a1b2", 429, why="429 → other key")
    exchange.attempts.insert(0, limited)
    record = UsageRecord.of(exchange)
    assert (record.attempts, record.attempt_log[0]) == (2, limited.facts())
    assert UsageRecord.from_line(record.as_line()) == record


def test_a_line_without_a_log_of_attempts_is_read():
    line = a_record(attempts=2).as_line().replace(b',"attempt_log":[]', b"")
    assert b"attempt_log" not in line
    record = UsageRecord.from_line(line)
    assert (record.attempts, record.attempt_log) == (2, [])


def test_the_periods_that_a_request_counts_towards_are_in_its_line():
    record = UsageRecord.of(an_ended_exchange(limit_marks=["3::1750000000"], images=2))
    assert (record.limit_marks, record.images) == (["3::1750000000"], 2)
    assert UsageRecord.from_line(record.as_line()) == record


def test_a_line_without_marks_is_read():
    line = a_record(limit_marks=["3::1750000000"]).as_line()
    without = line.replace(b',"limit_marks":["3::1750000000"]', b"")
    assert b"limit_marks" not in without
    assert UsageRecord.from_line(without).limit_marks == []
