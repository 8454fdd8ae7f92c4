"""From an upstream's speech, or another worker's recording, to those who listen and to the disk."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from audio.production import Production
from audio.speech_cache import QuietWriter, SpeechCache
from audio.speech_request import SpeechRequest
from audio.turns import Turn
from models_registry.targets import Target
from proxy.answering.dispatch import Dispatched
from proxy.answering.limits import limits
from proxy.client_side.errors import UpstreamAnswerError
from proxy.views.upload import passed_through

# With what a player must know of raw samples: audio/l16; rate=24000; channels=1
AUDIO_TYPE = re.compile(
    r"audio/[a-z0-9.+-]{1,64}( ?; ?[a-z0-9-]{1,32}=\"?[a-z0-9.+, -]{1,64}\"?){0,4}", re.ASCII
)
SILENT_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})


async def is_replayed(
    production: Production, cache: SpeechCache, digests: Mapping[Target, str], turn: Turn
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
        turn.give_back()
        production.target = target
        production.begin(recording.content_type)
        async with aclosing(following(first, pieces)) as all_pieces:
            async for piece in all_pieces:
                await production.add(piece)
        return True
    return False


async def record(
    dispatched: Dispatched,
    production: Production,
    speech: SpeechRequest,
    writer: QuietWriter,
    turn: Turn,
) -> None:
    """Hand an answer to the disk and the listeners; only a whole one is kept."""
    production.backing = writer
    content_type = media_type(dispatched, speech)
    size = 0
    async with aclosing(passed_through(dispatched)) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size > limits().total_bytes:
                raise UpstreamAnswerError("The upstream's answer is too large.")
            await writer.write(chunk)
            if not writer.is_keeping:
                turn.give_back()  # nobody else will have it from here
            if not production.content_type:
                production.begin(content_type)
            await production.add(chunk)
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
    """The type of the audio. Raises ``UpstreamAnswerError`` for an answer that is none."""
    said: str = dispatched.response.headers.get("content-type", "").strip().lower()
    if said.partition(";")[0].strip() in SILENT_TYPES:
        return speech.content_type
    if not AUDIO_TYPE.fullmatch(said):
        raise UpstreamAnswerError("The upstream's answer is not audio.")
    return said
