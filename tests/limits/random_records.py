"""Records as they come in: answered, broken off, failed, with attempts that told their use."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from resilience.outcomes import Kind
from tests.usage.records import a_record
from usage.attempts import Attempt, AttemptFacts, attempt_log
from usage.models import Price
from usage.record import UsageRecord
from wire_formats.token_counts import Tokens

CONNECTIONS = {
    "openai": "https://api.openai.com/v1",
    "claude": "https://api.anthropic.com/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "groq": "https://api.groq.com/openai/v1",
    "elsewhere": "https://llm.corp.example/v1",
}
MODELS = (
    "gpt-4o",
    "gpt-5",
    "claude-sonnet-4-5",
    "gemini-2.5-pro",
    "whisper-large-v3-turbo",
    "deepseek-chat",
    "nobody-knows",
)
ENDPOINTS = ("chat/completions", "embeddings", "audio/transcriptions", "audio/speech")


def random_record(chance: random.Random, number: int = 0, **fields: Any) -> UsageRecord:
    """A record with the request id ``req_<number>``."""
    tokens = random_tokens(chance)
    status = chance.choice([200] * 6 + [502, 400, 499, 0, 101])
    log = random_log(chance) if chance.random() < 0.3 else []
    return replace(
        a_record(),
        request_id=f"req_{number:08d}",
        model=chance.choice(MODELS),
        upstream_model=chance.choice(MODELS),
        connection=chance.choice(list(CONNECTIONS)),
        endpoint=chance.choice(ENDPOINTS),
        status=status,
        attempts=len(log) or chance.choice([0, 1, 1, 1]),
        attempt_log=log,
        is_streamed=chance.random() < 0.5,
        chunks=chance.randrange(3000),
        bytes_received=chance.randrange(500_000),
        bytes_sent=chance.randrange(500_000),
        prompt_tokens=tokens.prompt,
        cached_tokens=tokens.cached,
        cache_write_tokens=tokens.cache_write,
        completion_tokens=tokens.completion,
        audio_prompt_tokens=tokens.audio_prompt,
        audio_completion_tokens=tokens.audio_completion,
        audio_seconds=tokens.audio_seconds,
        characters=tokens.characters,
        service_tier=tokens.service_tier or "",
        images=chance.choice([None, None, 1, 4]),
        requests=chance.choice([1, 1, 1, 0, 7]),
        **fields,
    )


def random_tokens(chance: random.Random) -> Tokens:
    """Counts of which any may be missing, or beyond belief."""

    def some(most: int) -> int | None:
        return chance.choice([None, 0, *[chance.randrange(most) for _ in range(8)]])

    return Tokens(
        prompt=10**12 if chance.random() < 0.05 else some(chance.choice([3000, 400_000])),
        cached=some(2000),
        cache_write=some(2000),
        completion=some(5000),
        audio_prompt=some(500),
        audio_completion=some(500),
        audio_seconds=chance.choice([None, None, chance.random() * 600]),
        characters=chance.choice([None, None, chance.randrange(5000)]),
        service_tier=chance.choice([None, None, "default", "flex", "priority"]),
    )


def random_log(chance: random.Random) -> list[AttemptFacts]:
    """Some attempts that failed, each of which may have told its use."""
    attempts = []
    for _ in range(chance.randrange(1, 4)):
        attempt = Attempt(chance.choice(list(CONNECTIONS)), chance.choice(MODELS), status=500)
        attempt.kind = chance.choice([Kind.FAILED, Kind.RATE_LIMITED])
        attempt.tokens = random_tokens(chance) if chance.random() < 0.6 else None
        attempts.append(attempt)
    return attempt_log(attempts)


def random_price(chance: random.Random) -> Price:
    """A price that an administrator might have set, not saved."""
    rates = {
        name: Decimal(chance.randrange(10**8)).scaleb(-6)
        for name in Price.RATES
        if chance.random() < (0.8 if name.endswith("_per_million") else 0.1)
    }
    return Price(
        connection=chance.choice(["", *CONNECTIONS]),
        model=chance.choice(["*", "gpt-*", *MODELS]),
        service_tier=chance.choice(["", "", "flex", "priority"]),
        valid_from=chance.choice(["2020-01-01T00:00Z", "2100-01-01T00:00Z"]),
        **rates,
    )
