"""Token counts for answers whose upstream gave none, as when the client left in the middle."""

from __future__ import annotations

from dataclasses import replace

from usage.models import TokensFrom
from usage.record import UsageRecord
from wire_formats.endpoints import TEXTS
from wire_formats.token_counts import BYTES_PER_TOKEN

# A larger request carries files, whose bytes tell nothing about tokens.
MOST_TEXT_BYTES = 400_000
OK = 200


def counted(record: UsageRecord) -> tuple[UsageRecord, TokensFrom]:
    """``record`` with counts, and where they come from.

    An estimate takes four bytes of the request, or a chunk of the answer, for a token; a large
    request counts as what its limits expected of it, as it would cost nothing else if its client
    left before the end. A stream that broke off may have told of its input alone.
    """
    is_text = record.status == OK and record.connection and record.endpoint in TEXTS
    is_half = record.prompt_tokens is not None and record.completion_tokens is None
    if is_half and is_text and record.is_streamed:
        return replace(record, completion_tokens=record.chunks), TokensFrom.ESTIMATED
    if record.prompt_tokens is not None or record.completion_tokens is not None:
        return record, TokensFrom.UPSTREAM
    if record.audio_seconds is not None or record.characters is not None:
        return record, TokensFrom.NONE
    if not is_text:
        return record, TokensFrom.NONE
    prompt: int | None = record.bytes_received // BYTES_PER_TOKEN
    if record.bytes_received > MOST_TEXT_BYTES:
        prompt = record.expected_prompt_tokens
        if prompt is None:
            return record, TokensFrom.NONE
    sent = record.chunks if record.is_streamed else record.bytes_sent // BYTES_PER_TOKEN
    return replace(record, prompt_tokens=prompt, completion_tokens=sent), TokensFrom.ESTIMATED
