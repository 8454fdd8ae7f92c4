"""Recordings on a real disk."""

import os
import time

import pytest

from audio.speech_files import FOOTER, MAGIC
from audio.speech_store import SpeechStore, touch

DIGEST = "ab" + "0" * 62
OTHER = "cd" + "0" * 62


@pytest.fixture
def store(tmp_path):
    return SpeechStore(tmp_path, max_bytes=10_000, max_age_seconds=1000)


def stored(store, digest=DIGEST, content=b"sound"):
    writer = store.write(digest)
    writer.write(content)
    writer.commit("audio/mpeg")
    writer.close()
    return store.find(digest)


def files(store):
    return [path for path in store.directory.rglob("*") if path.is_file()]


def test_what_was_committed_is_found(store):
    recording = stored(store)
    assert (recording.content_type, recording.size) == ("audio/mpeg", 5)
    assert recording.read() == b"sound"


def test_what_was_not_committed_is_not_there(store):
    writer = store.write(DIGEST)
    writer.write(b"sou")
    assert store.find(DIGEST) is None
    writer.close()
    assert files(store) == []


def test_what_was_written_can_be_read_back_until_the_writer_is_closed(store):
    writer = store.write(DIGEST)
    writer.write(b"sound")
    assert writer.read(1, 3) == b"oun"
    writer.commit("audio/mpeg")
    store.clear()
    assert writer.read(3, 2) == b"nd"
    writer.close()
    assert writer.read(0, 5) == b""


def test_what_comes_after_the_end_of_writing_is_nowhere(store):
    writer = store.write(DIGEST)
    writer.close()
    writer.write(b"late")
    writer.commit("audio/mpeg")
    assert files(store) == []


def test_closing_after_committing_keeps_it(store):
    assert stored(store) is not None


@pytest.mark.parametrize("kept", [0, 3, 20, -1])
def test_a_file_cut_short_is_not_served_and_removed(store, kept):
    path = stored(store).path
    path.write_bytes(path.read_bytes()[:kept])
    assert store.find(DIGEST) is None
    assert not path.exists()


@pytest.mark.parametrize("garbage", [b"[]", b"{}", b"not json", b'{"size": 5}'])
def test_a_garbled_footer_is_no_recording(store, garbage):
    path = stored(store).path
    path.write_bytes(b"sound" + garbage + FOOTER.pack(len(garbage), MAGIC))
    assert store.find(DIGEST) is None


def test_noting_the_use_of_what_is_gone_is_no_error(tmp_path):
    touch(tmp_path / "evicted", used_at=0)


def test_same_audio_has_the_same_etag(store):
    assert stored(store).etag == stored(store, OTHER).etag
    assert stored(store, OTHER, b"other").etag != stored(store).etag


def test_what_is_too_old_is_not_served(tmp_path):
    store = SpeechStore(tmp_path, max_bytes=10_000, max_age_seconds=0)
    assert stored(store) is None


def test_least_recently_used_goes_first(store):
    digests = [f"{number:02x}" + "0" * 62 for number in range(4)]
    store.max_bytes = 10**6
    now = time.time()
    for age, digest in enumerate(digests):
        path = stored(store, digest, b"x" * 2800).path
        os.utime(path, (now - 500 + age, now - 500 + age))
    store.find(digests[0])  # used just now
    store.max_bytes = 10_000
    store.evict()
    assert [digest for digest in digests if store.find(digest)] == [digests[0], *digests[2:]]


def test_writing_past_the_cap_evicts(store):
    for number in range(10):
        stored(store, f"{number:02x}" + "0" * 62, b"x" * 3000)
        if store.has_grown:
            store.evict()
    assert store.size().bytes <= store.max_bytes


def test_abandoned_drafts_are_removed(store):
    draft = store.directory / "incoming" / "draft.part"
    draft.parent.mkdir(parents=True)
    draft.write_bytes(b"x")
    os.utime(draft, (1, 1))
    store.evict()
    assert not draft.exists()


def test_clearing_tells_what_was_there(store):
    stored(store)
    stored(store, OTHER)
    assert store.clear().entries == 2
    assert store.size().entries == 0


def test_directory_that_cannot_be_written_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    store = SpeechStore(tmp_path / "file", max_bytes=1, max_age_seconds=1)
    assert store.find(DIGEST) is None
    with pytest.raises(OSError, match="file"):
        store.write(DIGEST).write(b"sound")


def test_files_of_others_are_neither_counted_nor_removed(store):
    git_object = store.directory / "ab" / ("c" * 38)
    mail = store.directory / "incoming" / "mail"
    named_like_one = store.directory / "cd" / OTHER
    for path in (git_object, mail):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 20_000)
        os.utime(path, (1, 1))
    named_like_one.mkdir(parents=True)
    stored(store)
    assert store.size().entries == 1
    store.evict()
    store.clear()
    assert git_object.exists()
    assert mail.exists()
    assert named_like_one.is_dir()
    assert store.size().entries == 0


def test_a_link_is_not_followed(store, tmp_path):
    recording = stored(store)
    elsewhere = tmp_path / "elsewhere"
    recording.path.rename(elsewhere)
    recording.path.symlink_to(elsewhere)
    assert store.find(DIGEST) is None
    with pytest.raises(OSError, match="symbolic links"):
        recording.open()
    assert stored(store).read() == b"sound"  # it takes the place of the link
    assert elsewhere.read_bytes().startswith(b"sound")


def test_a_recording_is_nobody_elses_to_read(store):
    assert stored(store).path.stat().st_mode & 0o077 == 0


def test_what_is_open_is_read_to_its_end_although_it_was_evicted(store):
    with stored(store).open() as file:
        store.clear()
        assert file.read(5) == b"sound"
