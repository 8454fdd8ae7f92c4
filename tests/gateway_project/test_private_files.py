"""Which files are closed to others, and which are not touched."""

import os
import stat

import pytest

from gateway_project.checks import check_private_files
from gateway_project.private_files import close_to_others, exposed, paths_below, repair


@pytest.fixture
def data(tmp_path):
    """A DATA_DIR as version 0.1 made it."""
    directory = tmp_path / "var"
    for name in (
        "gatehouse.db",
        "gatehouse.db-wal",
        "gatehouse.db-shm",
        "gatehouse-2026.db.bak",
        "secrets.json",
        "journal/1-2-3-000001.jsonl",
        "journal/1-2-3-000002.new",
        "metrics/1-a.json",
        "metrics/1-a.lock",
        "speech/tally.json",
        "speech/making.lock",
        f"speech/ab/{'ab' * 32}",
        "speech/incoming/tmp1.part",
        "backup/gatehouse.db",
    ):
        put(directory / name)
    for path in (directory, *directory.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)
    return directory


def put(path, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(mode)
    return path


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def repaired(data, speech=None, database=None):
    return repair(paths_below(data, speech or data / "speech", database))


def test_everything_of_ours_is_closed(data):
    assert repaired(data) == 21
    for path in (data, *data.rglob("*")):
        assert mode(path) == (0o700 if path.is_dir() else 0o600), path
    assert repaired(data) == 0


def test_what_is_not_ours_stays_as_it_is_and_so_does_what_holds_it(data):
    foreign = [put(data / "notes.txt"), put(data / "journal/diary.md"), put(data / "music/a.flac")]
    repaired(data)
    assert [mode(path) for path in foreign] == [0o644] * 3
    assert [mode(data), mode(data / "journal")] == [0o755] * 2
    assert mode(data / "gatehouse.db") == 0o600
    assert mode(data / "journal/1-2-3-000001.jsonl") == 0o600
    assert mode(data / "metrics") == 0o700


def test_links_are_not_followed(data, tmp_path):
    file, directory = put(tmp_path / "file"), tmp_path / "directory"
    inside = put(directory / "1.json")
    directory.chmod(0o755)
    (data / "secrets.json").unlink()
    (data / "secrets.json").symlink_to(file)
    for path in (data / "metrics").iterdir():
        path.unlink()
    (data / "metrics").rmdir()
    (data / "metrics").symlink_to(directory)
    repaired(data)
    assert (mode(file), mode(directory), mode(inside)) == (0o644, 0o755, 0o644)
    assert mode(data) == 0o700


@pytest.mark.parametrize("name", ["gatehouse.db", "journal"])
def test_a_name_of_ours_for_something_else_is_foreign(tmp_path, name):
    data = tmp_path / "var"
    foreign = put(data / name / "x") if name == "gatehouse.db" else put(data / name)
    data.chmod(0o755)
    repaired(data)
    assert (mode(foreign), mode(data)) == (0o644, 0o755)


def test_a_directory_for_everybody_stays_one(tmp_path):
    tmp_path.chmod(0o1777)
    file = put(tmp_path / "gatehouse.db")
    repaired(tmp_path)
    assert mode(tmp_path) == 0o1777
    assert mode(file) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_left_alone_and_told(data, settings):
    os.chown(data / "gatehouse.db", 12345, 12345)
    repaired(data)
    assert mode(data / "gatehouse.db") == 0o644
    settings.DATA_DIR = data
    assert "gatehouse.db" in next(iter(check_private_files())).msg


def test_a_database_and_a_speech_cache_elsewhere_are_closed(data, tmp_path):
    database = put(tmp_path / "srv/gw.sqlite")
    wal = put(tmp_path / "srv/gw.sqlite-wal")
    other = put(tmp_path / "srv/other")
    speech = put(tmp_path / "cache" / "cd" / ("cd" * 32))
    (tmp_path / "srv").chmod(0o755)
    repaired(data, tmp_path / "cache", database)
    assert [mode(path) for path in (database, wal, speech)] == [0o600] * 3
    assert mode(tmp_path / "cache") == 0o700
    assert (mode(other), mode(tmp_path / "srv")) == (0o644, 0o755)


def test_a_database_of_another_name_is_one_of_ours(data):
    put(data / "other.db-wal")
    repaired(data, database=put(data / "other.db"))
    assert (mode(data), mode(data / "other.db-wal")) == (0o700, 0o600)


def test_what_is_not_there_is_no_fault(tmp_path):
    assert repaired(tmp_path / "none", tmp_path / "none" / "either", tmp_path / "none.db") == 0


def test_a_umask_that_is_stricter_stays():
    before = os.umask(0o177)
    try:
        close_to_others()
        assert os.umask(0) == 0o177
    finally:
        os.umask(before)


def test_the_check_tells_what_others_can_read(data, settings):
    settings.DATA_DIR = data
    settings.GATEWAY_SPEECH_CACHE_DIR = str(data / "speech")
    [warning] = check_private_files()
    assert warning.id == "gateway_project.W002"
    assert f"{data}, {data}/backup, {data}/backup/gatehouse.db and 18 more" in warning.msg
    repaired(data)
    assert list(check_private_files()) == []


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_each_bit_for_others_counts(tmp_path, bits):
    assert list(exposed(iter([put(tmp_path / "x", bits)])))
    assert not list(exposed(iter([put(tmp_path / "x", 0o600)])))


def test_the_check_does_not_walk_what_is_below_a_closed_directory(data):
    def looked_at():
        return set(paths_below(data, data / "speech", None, below_closed=False))

    inside = data / "speech/ab" / ("ab" * 32)
    assert inside in looked_at()
    (data / "speech").chmod(0o700)
    assert inside not in looked_at()
    assert data / "gatehouse.db" in looked_at()
    assert inside in set(paths_below(data, data / "speech", None))


def test_the_check_tells_of_what_is_open_below_what_is_open(data, settings):
    settings.DATA_DIR = data
    settings.GATEWAY_SPEECH_CACHE_DIR = str(data / "speech")
    repaired(data)
    (data / "speech").chmod(0o711)
    (data / "speech/ab").chmod(0o755)
    [warning] = check_private_files()
    assert f"{data}/speech, {data}/speech/ab." in warning.msg
