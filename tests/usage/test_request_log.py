import orjson
import pytest

from tests.usage.records import a_log, a_record
from usage.request_log import RequestLog


def lines_of(log_format, record):
    lines = []
    RequestLog(log_format, write=lines.append).add(record)
    return lines


def test_a_request_is_one_line_of_json():
    (line,) = lines_of("json", a_record(request_id="req_1", first_byte_ms=12))
    said = orjson.loads(line)
    assert (said["event"], said["request_id"], said["ttft_ms"]) == ("request", "req_1", 12)
    assert (said["key"], said["user_id"], said["prompt_tokens"]) == ("sk-gw-…7777", 7, 1000)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_neither_name_nor_address_is_told(log_format):
    (line,) = lines_of(log_format, a_record())
    assert b"ada" not in line
    assert b"@" not in line


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("model", ["a\nb", "a\x1b[2J", "a\u2028b", "\ud800"])
def test_the_name_of_a_model_stays_in_its_line(log_format, model):
    (line,) = lines_of(log_format, a_record(model=model))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert b"\x1b" not in line


def test_a_console_line_is_for_people():
    (line,) = lines_of("console", a_record(status=502, error_code="upstream_timeout"))
    assert b"status=502" in line
    assert b"error_code='upstream_timeout'" in line


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_attempts_are_told_with_the_reason_for_the_next(log_format):
    (line,) = lines_of(log_format, a_record(attempts=3, attempt_log=a_log()))
    assert "azure-eu …a1b2 429 120 ms → other key; azure-us" in without_escapes(line)


def without_escapes(line):
    return line.decode().replace(r"\u2026", "…").replace(r"\u2192", "→")


def test_one_attempt_that_succeeded_is_a_number_alone():
    (line,) = lines_of("console", a_record())
    assert b"attempts=1" in line
    assert b"attempt_log" not in line


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_wait_for_limits_is_told_where_there_was_one(log_format):
    (line,) = lines_of(log_format, a_record(queued_ms=1200))
    assert b"1200" in line
    (line,) = lines_of(log_format, a_record())
    assert b"queued_ms" not in line
