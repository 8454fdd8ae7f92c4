import os
import resource
import signal
from contextlib import contextmanager

import pytest

from tests.usage.records import a_record
from usage.journal import Journal, Sync, adopted, records, segments


@contextmanager
def a_disk_with_room_for(size):
    """Files may not grow beyond ``size``, which fails as a full disk does: with part of a write."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def names(directory):
    """The request ids in a journal; None for a torn line."""
    found = [record for path in segments(directory) for record in records(path)]
    return [record and record.request_id for record in found]


@pytest.mark.parametrize("sync", Sync)
def test_a_record_is_in_the_file_at_once(journal_directory, sync):
    journal = Journal(journal_directory, sync=sync)
    journal.append(a_record(request_id="req_1"))
    journal.append(a_record(request_id="req_2"))
    assert names(journal_directory) == ["req_1", "req_2"]
    journal.close()


def test_nobody_else_may_read_it(journal_directory):
    journal = Journal(journal_directory)
    journal.append(a_record())
    (segment,) = segments(journal_directory)
    assert (segment.stat().st_mode & 0o777, journal_directory.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    journal.close()


def test_a_segment_that_is_written_cannot_be_adopted(journal_directory):
    journal = Journal(journal_directory)
    journal.append(a_record())
    (segment,) = segments(journal_directory)
    with adopted(segment) as is_ours:
        assert not is_ours
    journal.rotate()
    with adopted(segment) as is_ours:
        assert is_ours


def test_a_segment_is_adopted_by_one(journal_directory):
    journal = Journal(journal_directory)
    journal.append(a_record())
    journal.close()
    (segment,) = segments(journal_directory)
    with adopted(segment) as first, adopted(segment) as second:
        assert (first, second) == (True, False)


def test_a_segment_that_was_removed_meanwhile_is_not_adopted(journal_directory):
    with adopted(journal_directory / "1.jsonl") as is_ours:
        assert not is_ours


def test_a_large_segment_is_followed_by_another(journal_directory):
    journal = Journal(journal_directory, segment_bytes=1000)
    for n in range(6):
        journal.append(a_record(request_id=f"req_{n}"))
    journal.close()
    assert len(segments(journal_directory)) > 1
    assert names(journal_directory) == [f"req_{n}" for n in range(6)]


def test_rotating_an_empty_journal_leaves_no_file(journal_directory):
    Journal(journal_directory).rotate()
    assert segments(journal_directory) == []


def test_a_full_disk_loses_records_and_counts_them(journal_directory):
    journal = Journal(journal_directory)
    size = len(a_record(request_id="req_1").as_line())
    with a_disk_with_room_for(size + size // 2):
        journal.append(a_record(request_id="req_1"))
        journal.append(a_record(request_id="req_2"))
        journal.append(a_record(request_id="req_3"))
        assert (journal.lost, journal.is_failing) == (2, True)
    journal.append(a_record(request_id="req_4"))
    assert (journal.lost, journal.is_failing) == (2, False)
    assert names(journal_directory) == ["req_1", None, "req_4"]
    journal.close()


def test_a_directory_that_cannot_be_written_stops_no_request(tmp_path):
    (tmp_path / "journal").write_text("a file in its place")
    journal = Journal(tmp_path / "journal")
    journal.append(a_record())
    assert (journal.lost, journal.is_failing) == (1, True)


def test_a_process_lets_go_of_its_segment_when_it_is_killed(journal_directory):
    child = os.fork()
    if child == 0:
        Journal(journal_directory).append(a_record(request_id="req_1"))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (segment,) = segments(journal_directory)
    with adopted(segment) as is_ours:
        assert is_ours
        assert [record.request_id for record in records(segment)] == ["req_1"]
