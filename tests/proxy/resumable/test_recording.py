"""What is kept of a stream."""

import asyncio

import pytest

from proxy.resumable.recording import EventsGoneError, Recording


def a_recording(*events, limit_bytes=100):
    recording = Recording(owner="7:key", limit_bytes=limit_bytes)
    for event in events:
        recording.add(event)
    return recording


async def read(recording, number):
    return [part async for part in recording.after(number)]


async def test_events_are_counted_from_one():
    recording = a_recording(b"a", b"b", b"c")
    recording.complete()
    assert await read(recording, 0) == [b"abc"]
    assert await read(recording, 2) == [b"c"]
    assert await read(recording, 3) == []
    assert await read(recording, 99) == []


async def test_a_reader_gets_what_comes_later():
    recording = a_recording(b"a")
    reading = asyncio.create_task(read(recording, 0))
    await asyncio.sleep(0)
    recording.add(b"b")
    recording.add(b"c")
    recording.complete()
    assert await reading == [b"a", b"bc"]


async def test_the_oldest_events_go_when_there_are_too_many():
    recording = a_recording(b"aaaa", b"bbbb", b"cccc", limit_bytes=8)
    recording.complete()
    assert await read(recording, 1) == [b"bbbbcccc"]
    with pytest.raises(EventsGoneError):
        await read(recording, 0)


async def test_the_last_event_is_kept_however_large():
    recording = a_recording(b"a", b"b" * 50, limit_bytes=8)
    assert recording.events_after(1) == [b"b" * 50]
    assert recording.size_bytes == 50


async def test_a_reader_that_fell_behind_is_told():
    recording = a_recording(b"aaaa", limit_bytes=8)
    reading = recording.after(0)
    assert await anext(reading) == b"aaaa"
    for _ in range(3):
        recording.add(b"bbbb")
    with pytest.raises(EventsGoneError):
        await anext(reading)
