"""From an upstream's speech, or another worker's recording, to those who listen and to the disk."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from audio.process_locks import ProcessLock
from audio.single_flight import Flight
from audio.speech_cache import QuietWriter, SpeechCache
from audio.speech_request import SpeechRequest
from models_registry.targets import Target
from proxy.answering.dispatched import Dispatched
from proxy.answering.limits import limits
from proxy.client_side.errors import UpstreamAnswerError
from proxy.views.upload import passed_through

# With what a player must know of raw samples: audio/l16; rate=24000; channels=1
AUDIO_TYPE = re.compile(
    r"audio/[a-z0-9.+-]{1,64}( ?; ?[a-z0-9-]{1,32}=\"?[a-z0-9.+, -]{1,64}\"?){0,4}", re.ASCII
)
SILENT_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})


async def is_replayed(
    flight: Flight, cache: SpeechCache, digests: Mapping[Target, str], lock: ProcessLock
) -> bool:
    """Hand on what another worker has made meanwhile, if there is anything."""
    for target, digest in digests.items():
        recording = await cache.find(digest)
        if recording is None:
            continue
        pieces = cache.pieces(recording, 0, recording.size)
        try:
            first = await anext(pieces)
        except OSError:  # evicted meanwhile, or the disk cannot be read
            continue
        lock.release()
        flight.target = target
        flight.begin(recording.content_type)
        async with aclosing(following(first, pieces)) as all_pieces:
            async for piece in all_pieces:
                await flight.add(piece)
        return True
    return False


async def record(
    dispatched: Dispatched,
    flight: Flight,
    speech: SpeechRequest,
    writer: QuietWriter,
    lock: ProcessLock,
) -> None:
    """Hand an answer to the disk and the listeners; only a whole one is kept."""
    flight.backing = writer
    content_type = media_type(dispatched, speech)
    size = 0
    async with aclosing(passed_through(dispatched)) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size > limits().total_bytes:
                raise UpstreamAnswerError("The upstream's answer is too large.")
            await writer.write(chunk)
            if not writer.is_keeping:
                lock.release()  # other processes make the call themselves
            if not flight.content_type:
                flight.begin(content_type)
            await flight.add(chunk)
    if not size:
        raise UpstreamAnswerError("The upstream's answer is empty.")
    await writer.commit(content_type)


async def following(first: bytes, pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """``first``, then ``pieces``."""
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


def media_type(dispatched: Dispatched, speech: SpeechRequest) -> str:
    """The type of the audio. Raises ``UpstreamAnswerError`` for other media types."""
    said: str = dispatched.response.headers.get("content-type", "").strip().lower()
    if said.partition(";")[0].strip() in SILENT_TYPES:
        return speech.content_type
    if not AUDIO_TYPE.fullmatch(said):
        raise UpstreamAnswerError("The upstream's answer is not audio.")
    return said
