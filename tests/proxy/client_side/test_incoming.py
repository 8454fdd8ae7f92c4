"""A body as it comes in."""

import asyncio
from math import inf

import pytest

from proxy.client_side import body_clock
from proxy.client_side.errors import (
    InvalidRequestError,
    PayloadTooLargeError,
    RequestTimeoutError,
    RequestTooComplexError,
)
from proxy.client_side.incoming import ClientGoneError, IncomingBody, declared_length
from tests.support.processes import PATIENCE_SECONDS


def body_of(*messages, limit=100, structure_limit=inf, when_gone=None, take=None):
    """A body that comes as ``messages``, the last of which are followed by silence."""
    coming = iter(messages)

    async def receive():
        return next(coming, None) or await asyncio.Event().wait()

    return IncomingBody(
        receive,
        serving=asyncio.current_task(),
        limit=limit,
        structure_limit=structure_limit,
        when_gone=when_gone,
        take=take,
    )


def part(data, *, more=True):
    return {"type": "http.request", "body": data, "more_body": more}


async def test_parts_are_joined_and_counted():
    body = body_of(part(b"abc"), part(b""), part(b"de", more=False))
    assert await body.read() == b"abcde"
    assert body.received_bytes == 5
    body.close()


async def test_a_body_that_has_come_is_taken_and_its_client_watched():
    told = []
    body = body_of(when_gone=told.append, take=lambda most: b"x" * most)
    assert await body.read() == b"x" * 100
    assert body.received_bytes == 100
    assert len(told) == 1


async def test_a_body_that_is_compressed_or_too_long_is_not_taken_as_it_is():
    body = body_of(part(b"x", more=False), take=lambda most: pytest.fail("taken"))
    body.declared_length = 101
    with pytest.raises(PayloadTooLargeError):
        await body.read()
    body.declared_length, body.content_encoding = 1, "identity"
    assert await body.read() == b"x"
    body.close()


async def test_body_over_the_limit_is_not_read_on():
    with pytest.raises(PayloadTooLargeError):
        await body_of(part(b"x" * 60), part(b"x" * 60), limit=100).read()


@pytest.mark.parametrize("size", [1, 1000, 60_000])
async def test_a_body_is_weighed_to_the_unit_however_it_is_cut(size):
    text = b",\\" * 50_000
    parts = [part(text[start : start + size]) for start in range(0, len(text), size)]
    parts.append(part(b"", more=False))
    body = body_of(*parts, limit=2**20, structure_limit=62_500)
    assert await body.read() == text
    body.close()
    with pytest.raises(RequestTooComplexError):
        await body_of(*parts, limit=2**20, structure_limit=62_499).read()


async def test_declared_length_over_the_limit_is_not_read_at_all():
    body = body_of(limit=100)
    body.declared_length = 101
    with pytest.raises(PayloadTooLargeError):
        await body.read()


async def test_client_that_hangs_up_is_gone():
    with pytest.raises(ClientGoneError):
        await body_of(part(b"abc"), {"type": "http.disconnect"}).read()


async def test_client_that_pauses_for_long_is_told(monkeypatch):
    monkeypatch.setattr(body_clock, "LONGEST_PAUSE_SECONDS", 0.01)
    with pytest.raises(RequestTimeoutError):
        await body_of(part(b"abc")).read()


@pytest.mark.parametrize("value", [b"-1", b"1_0", b"0x1", b"", b"9" * 19, "²".encode("latin-1")])
def test_length_that_is_no_number_is_refused(value):
    with pytest.raises(InvalidRequestError):
        declared_length([(b"content-length", value)])


def test_lengths_that_disagree_are_refused():
    with pytest.raises(InvalidRequestError):
        declared_length([(b"content-length", b"1"), (b"content-length", b"2")])


async def left(*messages, ends: bool = False) -> tuple[bool, bool]:
    """A client leaves behind ``messages``, and behind the answer if that ``ends`` before.

    Whether the task that serves it is cancelled, and whether the client counts as gone.
    """
    told = []
    bodies = []

    async def serve():
        body = body_of(*messages, when_gone=told.append)
        if messages:
            await body.read()
        else:
            body.watch()
        bodies.append(body)
        reading.set()
        await asyncio.Event().wait()

    reading = asyncio.Event()
    serving = asyncio.create_task(serve())
    await reading.wait()
    if ends:
        bodies[0].close()
    for tell in told:
        tell()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    was_cancelled = serving.done()
    serving.cancel()
    return was_cancelled, bodies[0].is_client_gone


async def test_the_server_tells_of_a_client_that_leaves_behind_its_body():
    assert await left(part(b"abc", more=False)) == (True, True)


async def test_a_client_that_leaves_behind_its_answer_is_not_missed():
    assert await left(part(b"abc", more=False), ends=True) == (False, False)


async def test_the_client_of_a_request_without_a_body_is_watched_by_the_server():
    assert await left() == (True, True)


async def test_the_client_of_a_request_without_a_body_is_listened_to():
    gone = asyncio.Event()
    coming = iter([part(b"", more=False)])

    async def receive():
        if message := next(coming, None):
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    serving = asyncio.create_task(asyncio.Event().wait())
    body = IncomingBody(receive, serving=serving, limit=100)
    body.watch()
    gone.set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.wait([serving])
    assert serving.cancelled()
    assert body.is_client_gone


LEAST_STRUCTURE = 256 * 1024


def pieces_of(text, size=60_000):
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    return [*map(part, pieces[:-1]), part(pieces[-1], more=False)]


def weighed(*messages):
    return body_of(*messages, limit=10**8, structure_limit=LEAST_STRUCTURE)


async def test_a_table_within_a_prompt_is_no_structure():
    text = b'{"content": "' + b'1,[\\"x\\"]\\n' * 50_000 + b'"}'
    body = weighed(*pieces_of(text))
    assert await body.read() == text
    body.close()


@pytest.mark.parametrize("begin", [b"", b'{"content": "' + b"[]," * 100_000 + b'", "x": '])
async def test_a_hostile_body_is_refused_before_its_end(begin):
    text = begin + b"[" + b"[]," * 200_000
    messages = pieces_of(text)[:-1]  # and then silence
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(RequestTooComplexError):
            await weighed(*messages).read()


async def test_the_end_of_a_body_is_counted_as_well():
    text = b'{"content": "' + b"[]," * 120_000 + b'", "x": [' + b"[]," * 70_000
    with pytest.raises(RequestTooComplexError):
        await weighed(*pieces_of(text)).read()


async def test_a_body_that_never_closes_its_string_is_left_to_the_parser():
    text = b'{"content": "' + b"[]," * 120_000
    body = weighed(*pieces_of(text))
    assert await body.read() == text
    body.close()
