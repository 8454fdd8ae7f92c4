"""What the demo models say. A token is a word with the space behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from demo_upstream.fields import count_of

TOKEN = re.compile(r"\S+\s*|\s+")
LONGEST_QUOTE = 300

ANSWER = (
    "Hello! This is the demo model, answering through Gatehouse, so your gateway works from end to "
    "end. You wrote: “{prompt}”. To talk to real models, add a connection in the admin or set "
    "OPENAI_API_BASE_URLS and OPENAI_API_KEYS, then start again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Tokens to say, and why they end."""

    tokens: tuple[str, ...]
    finish_reason: str

    @property
    def text(self) -> str:
        return "".join(self.tokens)


def saying(model: str, prompt: str, limit: int | None) -> Saying:
    """The answer of ``model`` to ``prompt``, of at most ``limit`` tokens."""
    text = prompt if model == "demo-echo" else ANSWER.format(prompt=shortened(prompt))
    tokens = tuple(TOKEN.findall(text))
    if limit is not None and len(tokens) > limit:
        return Saying(tokens=tokens[:limit], finish_reason="length")
    return Saying(tokens=tokens, finish_reason="stop")


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def count(text: str) -> int:
    """How many tokens ``text`` has."""
    return len(text.split())


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…"


def token_limit(body: dict[str, Any]) -> int | None:
    """The most tokens the client wants, by the new name or the old one. Raises ``DemoError``."""
    limits = [count_of(body, name, most=2**31) for name in ("max_completion_tokens", "max_tokens")]
    return next((limit for limit in limits if limit is not None), None)
