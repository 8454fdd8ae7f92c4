"""Token counts: read from every provider's names, written in each format's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from wire_formats.figures import told_count
from wire_formats.json_types import JsonObject
from wire_formats.service_tiers import messages_tier_in, tier_in

BYTES_PER_TOKEN = 4  # of plain text, as an estimate
# Beside the details, where Kimi writes the former and DeepSeek the latter.
CACHED = ("cached_tokens", "prompt_cache_hit_tokens")
# Not OpenAI's: in the order of OpenRouter and us, LiteLLM, Qwen.
CACHE_WRITES = ("cache_write_tokens", "cache_creation_tokens", "cache_creation_input_tokens")


@dataclass(slots=True, kw_only=True)
class Tokens:
    """Counts as the upstream gave them; None where it said nothing, or where they mean nothing.

    ``cached`` and ``cache_write``, read from the provider's cache and written to it, are part of
    ``prompt``, ``reasoning`` is part of ``completion``. ``audio_prompt`` and ``audio_completion``
    are the tokens of sound among both, without those from the cache. A length of sound is counted
    in ``audio_seconds``, a text to be spoken in ``characters``. ``service_tier`` says at which
    rates the provider counts all that.
    """

    prompt: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    completion: int | None = None
    reasoning: int | None = None
    audio_prompt: int | None = None
    audio_completion: int | None = None
    audio_seconds: float | None = None
    characters: int | None = None
    service_tier: str | None = None


class PromptDetails(TypedDict):
    cached_tokens: int
    cache_write_tokens: NotRequired[int]


class CompletionDetails(TypedDict):
    reasoning_tokens: int


class ChatUsage(TypedDict):
    """The ``usage`` of a chat completion."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptDetails
    completion_tokens_details: NotRequired[CompletionDetails]


class OutputDetails(TypedDict):
    thinking_tokens: int


class MessagesUsage(TypedDict):
    """The ``usage`` of a message."""

    input_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    output_tokens: int
    output_tokens_details: NotRequired[OutputDetails]


def read_usage(usage: Any, tokens: Tokens) -> None:
    """Take the counts of a ``usage`` object into ``tokens``; what is missing leaves them alone.

    Knows the names of chat completions (``prompt_tokens``) and of Responses (``input_tokens``).
    """
    if not isinstance(usage, dict):
        return
    tokens.prompt = _count(usage, "prompt_tokens", "input_tokens", default=tokens.prompt)
    tokens.completion = _count(
        usage, "completion_tokens", "output_tokens", default=tokens.completion
    )
    # `input_token_details` is Realtime's.
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    beside = _count(usage, *CACHED, default=tokens.cached)
    tokens.cached = _count(prompt, "cached_tokens", default=beside)
    if prompt:
        tokens.cache_write = _count(prompt, *CACHE_WRITES, default=tokens.cache_write)
        tokens.audio_prompt = _fresh_audio(prompt, default=tokens.audio_prompt)
    completion = _details(
        usage, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    if completion:
        tokens.reasoning = _count(completion, "reasoning_tokens", default=tokens.reasoning)
        tokens.audio_completion = _count(
            completion, "audio_tokens", default=tokens.audio_completion
        )
    _add_thoughts(usage, tokens)
    read_tier(usage, tokens)


def read_tier(holder: Any, tokens: Tokens) -> None:
    """Take the service tier that an answer, or its ``usage``, tells of into ``tokens``."""
    tokens.service_tier = tier_in(holder) or tokens.service_tier


def read_messages_usage(usage: Any, tokens: Tokens) -> None:
    """As :func:`read_usage`, for Messages: they count cached tokens beside the input."""
    if not isinstance(usage, dict):
        return
    tokens.completion = _count(usage, "output_tokens", default=tokens.completion)
    details = _details(usage, "output_tokens_details")
    tokens.reasoning = _count(details, "thinking_tokens", default=tokens.reasoning)
    tokens.service_tier = messages_tier_in(usage) or tokens.service_tier
    fresh = _count(usage, "input_tokens", default=None)
    if fresh == 0 and tokens.prompt:
        return  # as some end a stream that told the input at its beginning
    if fresh is not None:
        # The end of a stream may count the input again and leave out the counts of the cache.
        tokens.cached = _count(usage, "cache_read_input_tokens", default=tokens.cached)
        tokens.cache_write = _count(
            usage, "cache_creation_input_tokens", default=tokens.cache_write
        )
        whole = told_count(fresh + (tokens.cached or 0) + (tokens.cache_write or 0))
        tokens.prompt = tokens.prompt if whole is None else whole


def chat_usage(tokens: Tokens) -> ChatUsage | None:
    """The ``usage`` of a chat completion; None without both of the counts that make up a price."""
    prompt, completion = tokens.prompt, tokens.completion
    if prompt is None or completion is None:
        return None
    usage: ChatUsage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": tokens.cached or 0},
    }
    if tokens.cache_write:
        usage["prompt_tokens_details"]["cache_write_tokens"] = tokens.cache_write
    if tokens.reasoning is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": tokens.reasoning}
    return usage


def messages_usage(tokens: Tokens) -> MessagesUsage:
    """The ``usage`` of a message: cached tokens stand beside the input, not within."""
    cached, written = tokens.cached or 0, tokens.cache_write or 0
    return {
        "input_tokens": max((tokens.prompt or 0) - cached - written, 0),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": cached,
        "output_tokens": tokens.completion or 0,
    }


def _add_thoughts(usage: JsonObject, tokens: Tokens) -> None:
    """Gemini and Grok tell of thinking in the total alone, and are paid for it as for output.

    A difference that is just the cache is one of providers that count that beside.
    """
    total = _count(usage, "total_tokens", default=None)
    prompt, completion = tokens.prompt, tokens.completion
    if total is None or prompt is None or completion is None:
        return
    thought = total - prompt - completion
    cached, written = tokens.cached or 0, tokens.cache_write or 0
    is_cache = thought in {cached, written, cached + written}
    if thought > 0 and (not is_cache or thought == tokens.reasoning):
        tokens.completion = completion + thought
        tokens.reasoning = max(tokens.reasoning or 0, thought)


def responses_usage(tokens: Tokens) -> JsonObject | None:
    """The ``usage`` of a response; None where the upstream counted nothing."""
    if tokens.prompt is None and tokens.completion is None:
        return None
    prompt, completion = tokens.prompt or 0, tokens.completion or 0
    cached, written = tokens.cached or 0, tokens.cache_write or 0
    return {
        "input_tokens": prompt,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning or 0},
        "total_tokens": prompt + completion,
    }


def _fresh_audio(prompt: JsonObject, *, default: int | None) -> int | None:
    heard = _count(prompt, "audio_tokens", default=None)
    if heard is None:
        return default
    cached = _count(_details(prompt, "cached_tokens_details"), "audio_tokens", default=None)
    return max(heard - (cached or 0), 0)


def _details(usage: JsonObject, *names: str) -> JsonObject:
    found = next((usage[name] for name in names if name in usage), None)
    return found if isinstance(found, dict) else {}


def _count(counts: JsonObject, *names: str, default: int | None) -> int | None:
    for name in names:
        told = counts.get(name)
        if told is not None and (value := told_count(told)) is not None:
            return value
    return default
