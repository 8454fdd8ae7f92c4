"""The record of a request: one line of a journal."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

import orjson

from usage.attempts import AttemptFacts, attempt_log
from usage.exchange import Exchange
from usage.failing import FAILED
from wire_formats.figures import MOST

CLIENT_CLOSED_REQUEST = 499
LARGEST_NUMBER = 2**63 - 1


# Neither frozen nor by keywords alone: either takes several times as long to make, for each request
# and again for each row.
@dataclass(slots=True)
class UsageRecord:
    """The account of one accepted request, when it has ended.

    ``accepted_at`` is in seconds since the epoch. Token counts are the upstream's, None where it
    said nothing. ``status`` is 499 for a client that left before it was answered. ``overhead_us``
    are the microseconds that the gateway added to the wait for the first byte. ``attempts`` is how
    many there were; ``attempt_log`` tells each, and is empty where the first one succeeded.
    ``limit_marks`` name the periods of limits that the request counts towards, as so many
    ``requests``, and ``images`` is how many it asked for. It waited ``queued_ms`` for limits.
    ``expected_prompt_tokens`` and ``expected_audio_seconds`` are what was reserved for its input,
    None where no limit asked for that. What an upstream told is bounded where it is read: see
    :mod:`wire_formats.figures`, and :meth:`believed` for records of older versions.

    Not to be changed. Later fields have a default: a journal may be read by a newer version
    than wrote it.
    """

    request_id: str
    accepted_at: float
    user_id: int
    username: str
    key_id: UUID
    key_hint: str
    model: str
    upstream_model: str
    connection: str
    endpoint: str
    surface: str
    is_streamed: bool
    status: int
    error_code: str
    attempts: int
    is_client_gone: bool
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    audio_seconds: float | None
    characters: int | None
    first_byte_ms: int | None
    duration_ms: int
    chunks: int
    bytes_received: int
    bytes_sent: int
    client_request_id: str
    upstream_request_id: str
    overhead_us: int | None = None
    cache_write_tokens: int | None = None
    audio_prompt_tokens: int | None = None
    audio_completion_tokens: int | None = None
    service_tier: str = ""
    attempt_log: list[AttemptFacts] = field(default_factory=list)
    limit_marks: list[str] = field(default_factory=list)
    images: int | None = None
    requests: int = 1
    queued_ms: int = 0
    expected_prompt_tokens: int | None = None
    expected_audio_seconds: float | None = None

    @classmethod
    def of(cls, exchange: Exchange) -> UsageRecord:
        return cls(
            request_id=exchange.request_id,
            accepted_at=exchange.accepted_at,
            user_id=exchange.caller.user_id,
            username=exchange.caller.username,
            key_id=exchange.caller.key_id,
            key_hint=exchange.caller.key_hint,
            model=exchange.model,
            upstream_model=exchange.upstream_model,
            connection=exchange.connection,
            endpoint=exchange.endpoint,
            surface=exchange.surface,
            is_streamed=exchange.is_streamed,
            status=_status(exchange),
            error_code=exchange.error_code,
            attempts=len(exchange.attempts),
            is_client_gone=exchange.is_client_gone,
            prompt_tokens=(tokens := exchange.tokens).prompt,
            cached_tokens=tokens.cached,
            completion_tokens=tokens.completion,
            reasoning_tokens=tokens.reasoning,
            audio_seconds=tokens.audio_seconds,
            characters=tokens.characters,
            first_byte_ms=_in(1e3, exchange.first_byte_seconds),
            duration_ms=round(exchange.age_seconds * 1000),
            chunks=exchange.chunks,
            bytes_received=exchange.bytes_received,
            bytes_sent=exchange.bytes_sent,
            client_request_id=exchange.client_request_id,
            upstream_request_id=exchange.upstream_request_id,
            cache_write_tokens=tokens.cache_write,
            audio_prompt_tokens=tokens.audio_prompt,
            audio_completion_tokens=tokens.audio_completion,
            service_tier=tokens.service_tier or "",
            overhead_us=_in(1e6, exchange.overhead_seconds),
            attempt_log=attempt_log(exchange.attempts, exchange.started),
            **_for_limits(exchange),
        )

    @property
    def is_answered(self) -> bool:
        """Whether an upstream served the request."""
        return bool(self.connection) and 0 < self.status < FAILED

    @classmethod
    def from_line(cls, line: bytes) -> UsageRecord:
        """The record of a journal's line. Raises ``ValueError`` for one that is torn."""
        try:
            values: dict[str, Any] = orjson.loads(line)
            values["key_id"] = _key_id(values["key_id"])
            if values.keys() == NAME_SET:
                return cls(*in_order(values))
            # Another version wrote this record: its fields may be more, or fewer.
            return cls(**{name: value for name, value in values.items() if name in NAME_SET})
        except (TypeError, KeyError, AttributeError) as exc:
            raise ValueError("not a usage record") from exc

    def believed(self) -> UsageRecord:
        """The record without told figures that cannot be true, as an older version wrote them."""
        for value in told_figures(self):
            if value is not None and not 0 <= value <= MOST:
                break
        else:
            return self
        unknown: dict[str, Any] = {
            name: None
            for name, value in zip(TOLD, told_figures(self), strict=True)
            if value is not None and not 0 <= value <= MOST
        }
        return replace(self, **unknown)

    def as_line(self) -> bytes:
        """One line of JSON."""
        try:
            return orjson.dumps(self, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError:  # half a surrogate in a string, or too large a number
            return orjson.dumps(self._encodable(), option=orjson.OPT_APPEND_NEWLINE)

    def _encodable(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in FIELD_NAMES}
        return {name: _encodable(value) for name, value in values.items()}


FIELD_NAMES = tuple(one.name for one in fields(UsageRecord))
NAME_SET = frozenset(FIELD_NAMES)
in_order = itemgetter(*FIELD_NAMES)
TOLD = (
    "prompt_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
    "audio_seconds",
    "characters",
)
told_figures = attrgetter(*TOLD)


@lru_cache(maxsize=4096)
def _key_id(text: str) -> UUID:
    """Few keys make most of the requests."""
    return UUID(text)


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    return min(value, LARGEST_NUMBER) if isinstance(value, int) else value


def _for_limits(exchange: Exchange) -> dict[str, Any]:
    return {
        "limit_marks": exchange.limit_marks,
        "images": exchange.images,
        "requests": exchange.requests,
        "queued_ms": round(exchange.queued_seconds * 1000),
        "expected_prompt_tokens": exchange.expected_prompt_tokens,
        "expected_audio_seconds": exchange.expected_audio_seconds,
    }


def _in(parts: float, seconds: float | None) -> int | None:
    """``seconds`` in so many parts of a second."""
    return None if seconds is None else round(seconds * parts)


def _status(exchange: Exchange) -> int:
    if not exchange.status and exchange.is_client_gone:
        return CLIENT_CLOSED_REQUEST
    return exchange.status
