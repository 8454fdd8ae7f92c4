"""How much an upstream's answer may take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one stream: bytes of an event and in all, seconds without an event.

    Comments are no events: an upstream may send them long after it has stopped to work.
    ``whole_bytes``: of an answer that comes in one piece although a stream was asked for.
    """

    event_bytes: int = 32 * 2**20
    whole_bytes: int = 64 * 2**20
    total_bytes: float = inf
    idle_seconds: float = inf


@cache
def limits() -> Limits:
    """The limits the settings say. Read once: Django's settings cost a microsecond a look."""
    return Limits(
        event_bytes=settings.GATEWAY_MAX_SSE_LINE_BYTES,
        whole_bytes=settings.GATEWAY_MAX_RESPONSE_BYTES,
        total_bytes=settings.GATEWAY_MAX_STREAM_BYTES,
        idle_seconds=settings.GATEWAY_STREAM_IDLE_TIMEOUT,
    )
