"""``/v1/audio/speech``: one soft tone for each word, as sound that really plays."""

from __future__ import annotations

import io
import math
import wave
import zlib
from array import array
from functools import lru_cache
from typing import Any

from demo_upstream.errors import DemoError
from demo_upstream.models import SPEECH_MODELS, chosen_model

SAMPLE_RATE = 24_000  # that of OpenAI's pcm
SECONDS_PER_WORD = 0.15
LOUDNESS = 0.3 * 32_767
PENTATONIC_HERTZ = (262, 294, 330, 392, 440, 523, 587, 659)
LONGEST_INPUT = 4096
CONTENT_TYPES = {"wav": b"audio/wav", "pcm": b"audio/pcm"}


def speech(body: dict[str, Any]) -> tuple[bytes, bytes]:
    """The content type and bytes of ``input`` spoken. Raises ``DemoError``."""
    chosen_model(body, SPEECH_MODELS)
    text = body.get("input")
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST_INPUT:
        raise DemoError(
            f"`input` must be a string of 1 to {LONGEST_INPUT} characters.", param="input"
        )
    audio_format = body.get("response_format") or "wav"
    if not isinstance(audio_format, str) or audio_format not in CONTENT_TYPES:
        raise DemoError("The demo speaks wav and pcm.", param="response_format")
    samples = b"".join(tone(pitch(word)) for word in text.split() or [text])
    return CONTENT_TYPES[audio_format], samples if audio_format == "pcm" else wav(samples)


def pitch(word: str) -> int:
    """The pitch of ``word`` in hertz."""
    return PENTATONIC_HERTZ[zlib.crc32(word.encode("utf-8", "replace")) % len(PENTATONIC_HERTZ)]


@lru_cache(maxsize=len(PENTATONIC_HERTZ))
def tone(hertz: int) -> bytes:
    """A tone that swells and fades, as 16-bit samples of one channel."""
    length = int(SAMPLE_RATE * SECONDS_PER_WORD)
    return array(
        "h",
        (
            int(
                LOUDNESS
                * math.sin(math.pi * position / length)
                * math.sin(math.tau * hertz * position / SAMPLE_RATE)
            )
            for position in range(length)
        ),
    ).tobytes()


def wav(samples: bytes) -> bytes:
    """``samples`` as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(SAMPLE_RATE)
        writer.writeframes(samples)
    return file.getvalue()
