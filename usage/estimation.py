"""Token counts for answers whose upstream gave none, as when the client left in the middle."""

from __future__ import annotations

from dataclasses import replace

from usage.models import TokensFrom
from usage.record import UsageRecord
from wire_formats.endpoints import TEXTS
from wire_formats.token_counts import BYTES_PER_TOKEN

# A larger request carries files, whose bytes tell nothing about tokens.
MOST_TEXT_BYTES = 400_000
AUDIO_BYTES_PER_SECOND = 16_000  # at 128 kbit/s
OK = 200


def counted(record: UsageRecord) -> tuple[UsageRecord, TokensFrom]:
    """``record`` with counts, and where they come from.

    An estimate takes four bytes of the request, or a chunk of the answer, for a token. A stream
    that broke off may have told of its input alone. What limits expected of a large request, or of
    sound, counts where nobody tells what it was: else a client could leave before the end, or ask
    for plain text, and pay nothing.
    """
    heard = _expected_sound(record)
    if heard is not None:
        record = replace(record, audio_seconds=heard)
    is_text = record.status == OK and record.connection and record.endpoint in TEXTS
    is_half = record.prompt_tokens is not None and record.completion_tokens is None
    if is_half and is_text and record.is_streamed:
        return replace(record, completion_tokens=record.chunks), TokensFrom.ESTIMATED
    if record.prompt_tokens is not None or record.completion_tokens is not None:
        return record, TokensFrom.UPSTREAM
    if record.audio_seconds is not None or record.characters is not None:
        return record, TokensFrom.NONE if heard is None else TokensFrom.ESTIMATED
    if not is_text:
        return record, TokensFrom.NONE
    prompt: int | None = record.bytes_received // BYTES_PER_TOKEN
    if record.bytes_received > MOST_TEXT_BYTES:
        prompt = record.expected_prompt_tokens
        if prompt is None:
            return record, TokensFrom.NONE
    sent = record.chunks if record.is_streamed else record.bytes_sent // BYTES_PER_TOKEN
    return replace(record, prompt_tokens=prompt, completion_tokens=sent), TokensFrom.ESTIMATED


def _expected_sound(record: UsageRecord) -> float | None:
    """The seconds of sound that were expected, where an answer does not tell them."""
    expected = record.expected_audio_seconds
    if expected is None or record.audio_seconds is not None or record.status != OK:
        return None
    return max(expected, record.bytes_received / AUDIO_BYTES_PER_SECOND)
