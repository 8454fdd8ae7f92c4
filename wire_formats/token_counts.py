"""Token counts as upstreams report them."""

from __future__ import annotations

from typing import Any

from wire_formats.figures import told_count
from wire_formats.token_counts import Tokens


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
    prompt = _details(usage, "prompt_tokens_details", "input_tokens_details")
    tokens.cached = _count(prompt, "cached_tokens", default=tokens.cached)
    # Not OpenAI's; OpenRouter and we ourselves write the former, LiteLLM the latter.
    tokens.cache_write = _count(
        prompt, "cache_write_tokens", "cache_creation_tokens", default=tokens.cache_write
    )
    completion = _details(usage, "completion_tokens_details", "output_tokens_details")
    tokens.reasoning = _count(completion, "reasoning_tokens", default=tokens.reasoning)


def read_anthropic_usage(usage: Any, tokens: Tokens) -> None:
    """The same for Anthropic's Messages, where cached tokens are counted beside the input."""
    if not isinstance(usage, dict):
        return
    tokens.completion = _count(usage, "output_tokens", default=tokens.completion)
    fresh = _count(usage, "input_tokens", default=None)
    if fresh is not None:
        # The end of a stream may repeat the input without what was told of the cache before.
        tokens.cached = _count(usage, "cache_read_input_tokens", default=tokens.cached)
        tokens.cache_write = _count(
            usage, "cache_creation_input_tokens", default=tokens.cache_write
        )
        whole = told_count(fresh + (tokens.cached or 0) + (tokens.cache_write or 0))
        tokens.prompt = tokens.prompt if whole is None else whole


def _details(usage: dict[str, Any], *names: str) -> dict[str, Any]:
    found = next((usage[name] for name in names if name in usage), None)
    return found if isinstance(found, dict) else {}


def _count(counts: dict[str, Any], *names: str, default: int | None) -> int | None:
    for name in names:
        value = told_count(counts.get(name))
        if value is not None:
            return value
    return default
