"""The cache in front of the store."""

import asyncio
import os
import random
import resource
from contextlib import contextmanager

import pytest

from audio import speech_cache
from audio.speech_cache import LARGEST_IN_MEMORY_BYTES, PIECE_BYTES, SpeechCache
from audio.speech_store import SpeechStore
from tests.support.processes import PATIENCE_SECONDS, wait_until

DIGEST = "ab" + "0" * 62


@pytest.fixture
def cache(tmp_path):
    return SpeechCache(SpeechStore(tmp_path / "speech", max_bytes=2**30, max_age_seconds=1000))


async def keep(cache, content=b"sound"):
    writer = cache.writer(DIGEST)
    await writer.write(content)
    await writer.commit("audio/mpeg")
    await closed(writer)


async def closed(writer):
    writer.close()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await writer.read(0, 1):
            pass  # until the file is given back


async def read(cache, recording, start=0, stop=None):
    stop = recording.size if stop is None else stop
    return b"".join([piece async for piece in cache.pieces(recording, start, stop)])


async def test_what_was_written_is_found_and_read(cache):
    await keep(cache)
    assert await read(cache, await cache.find(DIGEST)) == b"sound"
    assert await read(cache, await cache.find(DIGEST), 1, 3) == b"ou"


async def test_what_another_process_cleared_is_gone_from_memory_too(cache):
    await keep(cache)
    assert await cache.find(DIGEST)
    cache.store.clear()
    assert await cache.find(DIGEST) is None


async def test_large_recordings_are_read_from_disk(cache):
    content = random.randbytes(LARGEST_IN_MEMORY_BYTES * 2 + 1)
    await keep(cache, content)
    recording = await cache.find(DIGEST)
    assert await read(cache, recording) == content
    assert await read(cache, recording, 1, 7) == content[1:7]
    cache.store.clear()
    with pytest.raises(FileNotFoundError):
        await read(cache, recording)


async def test_a_recording_cut_short_while_it_is_read_is_an_error_and_not_an_end(cache):
    await keep(cache, random.randbytes(PIECE_BYTES * 3))
    recording = await cache.find(DIGEST)
    pieces = cache.pieces(recording, 0, recording.size)
    await anext(pieces)
    os.truncate(recording.path, PIECE_BYTES)
    with pytest.raises(EOFError):
        await anext(pieces)


@pytest.mark.parametrize("replacement", [None, b"other"], ids=["evicted", "made again"])
async def test_what_is_no_longer_there_is_not_mixed_with_what_is(cache, replacement):
    await keep(cache, b"x" * (LARGEST_IN_MEMORY_BYTES + 1))
    recording = await cache.find(DIGEST)
    cache.store.clear()
    if replacement:
        await keep(cache, replacement)
    with pytest.raises(FileNotFoundError):
        await read(cache, recording)


async def test_hits_are_on_disk_a_little_later(cache, monkeypatch):
    monkeypatch.setattr(speech_cache, "SAVE_SECONDS", 0.0)
    cache.count(is_hit=True)
    cache.count(is_hit=False)
    await asyncio.to_thread(wait_until, lambda: cache.tally.total().misses, what="the figures")
    assert cache.tally.total().hits == 1


async def test_what_is_larger_than_the_cache_is_not_kept(tmp_path):
    cache = SpeechCache(SpeechStore(tmp_path, max_bytes=10, max_age_seconds=1000))
    await keep(cache, b"x" * 11)
    assert await cache.find(DIGEST) is None
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_growing_past_the_cap_evicts(tmp_path):
    cache = SpeechCache(SpeechStore(tmp_path, max_bytes=10, max_age_seconds=1000))
    await keep(cache, b"x" * 10)  # and a footer
    await asyncio.to_thread(wait_until, lambda: not cache.store.size().entries, what="room")


async def test_a_disk_that_cannot_be_written_to_is_survived(tmp_path, caplog):
    (tmp_path / "speech").write_text("in the way")
    cache = SpeechCache(SpeechStore(tmp_path / "speech", max_bytes=99, max_age_seconds=9))
    await keep(cache)
    await keep(cache)
    assert await cache.find(DIGEST) is None
    assert caplog.text.count("served without being cached") == 1


async def test_a_disk_that_fails_in_mid_writing_is_survived(cache, caplog):
    writer = cache.writer(DIGEST)
    with largest_file(70_000):
        for _ in range(30):
            await writer.write(b"x" * 5000)
        await writer.commit("audio/mpeg")
    assert (writer.is_keeping, writer.written_bytes) == (False, 70_000)
    assert await writer.read(69_000, 9_000) == b"x" * 1_000
    await closed(writer)
    assert await cache.find(DIGEST) is None
    assert not [path for path in cache.store.directory.rglob("*") if path.is_file()]
    assert "File too large" in caplog.text


@contextmanager
def largest_file(size):
    """Writing fails behind ``size`` bytes, as on a disk that is full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_counts_are_saved_before_the_worker_ends(cache):
    cache.count(is_hit=True)
    cache.count(is_hit=False)
    await cache.flush()
    assert (cache.tally.total().hits, cache.tally.total().misses) == (1, 1)
    await cache.flush()  # of which nothing comes
    assert cache.tally.total().hits == 1
