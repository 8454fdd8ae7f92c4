"""The tokens and responses in the messages of an upstream."""

from __future__ import annotations

from collections.abc import Callable

from usage.exchange import Exchange
from wire_formats.errors import UnreadableAnswerError
from wire_formats.figures import MOST, told_seconds
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.service_tiers import joint_tier
from wire_formats.token_counts import Tokens, read_tier, read_usage

ENDS_OF_ANSWERS = (
    '"response.done"',
    '"response.completed"',
    '"response.incomplete"',
    '"response.failed"',
)
SUMMED = (
    "prompt",
    "cached",
    "cache_write",
    "completion",
    "reasoning",
    "audio_prompt",
    "audio_completion",
)
BEGIN_OF_ANSWER = '"response.created"'
# Realtime transcribes what it hears beside its responses, and bills that by itself.
TRANSCRIBED = '"conversation.item.input_audio_transcription.completed"'


def count_message(
    message: str | bytes, exchange: Exchange, note: Callable[[JsonObject], None] | None = None
) -> None:
    """Take note of ``message``, and of the tokens if it ends a response.

    ``note`` is called with each response that begins or ends. Other messages are not parsed.
    """
    exchange.note_first_byte()
    exchange.chunks += 1
    exchange.bytes_sent += len(message)
    if not isinstance(message, str):
        return
    has_ended = any(end in message for end in ENDS_OF_ANSWERS)
    if has_ended or (note is not None and BEGIN_OF_ANSWER in message):
        response = _response_in(message)
        if has_ended:
            add_answer(response, exchange.tokens)
        if note is not None:
            note(response)
    elif TRANSCRIBED in message:
        add_transcription(_object_in(message), exchange.tokens)


def add_transcription(event: JsonObject, tokens: Tokens) -> None:
    """Add what a transcription of the input used: tokens, or seconds of sound.

    Its tokens of sound count as text: the rate for the sound of a response is many times theirs.
    """
    usage = event.get("usage")
    if event.get("type") != TRANSCRIBED.strip('"') or not isinstance(usage, dict):
        return
    counted = Tokens()
    read_usage(usage, counted)
    for name in ("prompt", "completion"):
        count = getattr(counted, name)
        if count is not None:
            setattr(tokens, name, min((getattr(tokens, name) or 0) + count, MOST))
    seconds = told_seconds(usage.get("seconds"))
    if seconds is not None:
        tokens.audio_seconds = min((tokens.audio_seconds or 0.0) + seconds, MOST)


def _response_in(message: str) -> JsonObject:
    """The response that ``message`` tells of; empty if it cannot be read, as the message passes."""
    response = _object_in(message).get("response")
    return response if isinstance(response, dict) else {}


def _object_in(message: str) -> JsonObject:
    """What ``message`` is; empty if it cannot be read."""
    try:
        return json_object(message.encode())
    except UnreadableAnswerError:
        return {}


def add_answer(answer: JsonObject, tokens: Tokens) -> None:
    """Add the counts of ``answer`` to those of the answers before, up to what can be true."""
    counted = Tokens()
    read_usage(answer.get("usage"), counted)
    read_tier(answer, counted)
    is_first = tokens.prompt is None and tokens.completion is None
    before = counted.service_tier if is_first else tokens.service_tier
    tokens.service_tier = joint_tier(before, counted.service_tier)
    for name in SUMMED:
        count = getattr(counted, name)
        if count is not None:
            setattr(tokens, name, min((getattr(tokens, name) or 0) + count, MOST))
