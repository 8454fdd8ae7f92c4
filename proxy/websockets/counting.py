"""What the messages of an upstream tell of their answers."""

from __future__ import annotations

from typing import Any

from connections.figures import MOST
from proxy.dialects import json_object
from proxy.errors import UpstreamAnswerError
from proxy.upstream_usage import read_usage
from usage.exchange import Exchange, Tokens

ENDS_OF_ANSWERS = (
    '"response.done"',
    '"response.completed"',
    '"response.incomplete"',
    '"response.failed"',
)


def count_message(message: str | bytes, exchange: Exchange) -> None:
    """Take note of ``message``, and of the tokens if it ends an answer. Others are not parsed."""
    exchange.note_first_byte()
    exchange.chunks += 1
    exchange.bytes_sent += len(message)
    if isinstance(message, str) and any(end in message for end in ENDS_OF_ANSWERS):
        try:
            answer = json_object(message.encode()).get("response")
        except UpstreamAnswerError:
            return  # it passes as it is, and its tokens are not known
        add_usage(answer.get("usage") if isinstance(answer, dict) else None, exchange.tokens)


def add_usage(usage: Any, tokens: Tokens) -> None:
    """Add the counts of one answer to those of the answers before, up to what can be true."""
    counted = Tokens()
    read_usage(usage, counted)
    for name in ("prompt", "cached", "cache_write", "completion", "reasoning"):
        count = getattr(counted, name)
        if count is not None:
            setattr(tokens, name, min((getattr(tokens, name) or 0) + count, MOST))
