"""Locks of several processes; the other one is real."""

import asyncio
import errno
import subprocess
import sys

import pytest

from audio import process_locks as locks
from audio.process_locks import ProcessLocks
from tests.support.processes import PATIENCE_SECONDS

DIGEST = "ab" + "0" * 62
OTHER = "cd" + "0" * 62
TAKE = """
import sys
from pathlib import Path
from audio.process_locks import ProcessLocks

print(ProcessLocks(Path(sys.argv[1])).take(sys.argv[2]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "speech" / "making.lock"


@pytest.fixture
def other_process(path):
    command = [sys.executable, "-c", TAKE, str(path), DIGEST]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"True\n"
        yield process
        process.kill()


async def test_other_processes_wait_until_it_is_given_back_or_its_process_is_dead(
    path, other_process
):
    mine = ProcessLocks(path)
    assert not mine.take(DIGEST)
    assert mine.take(OTHER)
    waiting = asyncio.create_task(mine.lock(DIGEST).__aenter__())
    await asyncio.sleep(0)
    assert not waiting.done()
    other_process.kill()
    await asyncio.wait_for(waiting, PATIENCE_SECONDS)
    assert not mine.take(DIGEST)


async def test_a_process_that_is_stuck_is_not_waited_for_for_ever(path, other_process, monkeypatch):
    monkeypatch.setattr(locks, "LONGEST_WAIT_SECONDS", 0.1)
    async with ProcessLocks(path).lock(DIGEST) as lock:
        lock.release()  # what it never had
    assert not ProcessLocks(path).take(DIGEST)


async def test_within_a_process_there_is_one_turn_at_a_time(path):
    mine = ProcessLocks(path)
    async with mine.lock(DIGEST) as lock:
        assert not mine.take(DIGEST)
        lock.release()
        assert mine.take(DIGEST)
    assert not mine.take(DIGEST)


async def test_an_error_gives_the_turn_back(path):
    mine = ProcessLocks(path)
    with pytest.raises(ValueError, match="no"):
        async with mine.lock(DIGEST):
            raise ValueError("no")
    assert mine.take(DIGEST)


async def test_where_nothing_can_be_locked_it_is_everybodys_turn(tmp_path):
    (tmp_path / "speech").write_text("in the way")
    mine = ProcessLocks(tmp_path / "speech" / "making.lock")
    async with mine.lock(DIGEST):
        assert mine.take(DIGEST)


async def test_a_lock_that_may_not_be_opened_is_not_taken_for_somebody_elses(path, monkeypatch):
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(locks.os, "open", refuse)  # root may open anything
    assert ProcessLocks(path).take(DIGEST)


async def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path, path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    assert ProcessLocks(path).take(DIGEST)
    assert not (tmp_path / "elsewhere").exists()
