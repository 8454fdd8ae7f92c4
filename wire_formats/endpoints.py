"""The endpoints of the APIs that models answer, and what is known of each.

An endpoint is named by its path below a base URL, as ``chat/completions``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """``is_chat``: a conversation goes in, and the model's next words come out.

    ``writes_text``: the model writes text of its own; ``takes_maximum``: a request can say how much
    of it at the most. ``has_chunks``: a stream of it is made of chat chunks, which
    ``stream_options`` asks for token counts. ``has_own_parameters``: the fields of a chat mean
    nothing there. ``operation`` is its name in OpenTelemetry's GenAI conventions.
    """

    operation: str = ""
    is_chat: bool = False
    writes_text: bool = False
    takes_maximum: bool = False
    has_chunks: bool = False
    has_own_parameters: bool = False


CHAT_COMPLETIONS = "chat/completions"
ENDPOINTS = {
    CHAT_COMPLETIONS: Endpoint(
        operation="chat", is_chat=True, writes_text=True, takes_maximum=True, has_chunks=True
    ),
    "completions": Endpoint(
        operation="text_completion", writes_text=True, takes_maximum=True, has_chunks=True
    ),
    "audio/speech": Endpoint(),
    "audio/transcriptions": Endpoint(),
    "audio/translations": Endpoint(),
    "audio/voices": Endpoint(),
    "embeddings": Endpoint(operation="embeddings"),
    "images/edits": Endpoint(),
    "images/variations": Endpoint(),
    "images/generations": Endpoint(operation="generate_content"),
    "messages": Endpoint(
        operation="chat",
        is_chat=True,
        writes_text=True,
        takes_maximum=True,
        has_own_parameters=True,
    ),
    "messages/count_tokens": Endpoint(has_own_parameters=True),
    "moderations": Endpoint(),
    "realtime": Endpoint(writes_text=True, takes_maximum=True),
    "rerank": Endpoint(),
    "responses": Endpoint(
        operation="chat",
        is_chat=True,
        writes_text=True,
        takes_maximum=True,
        has_own_parameters=True,
    ),
    "responses/compact": Endpoint(operation="chat", writes_text=True, has_own_parameters=True),
    "responses/input_tokens": Endpoint(has_own_parameters=True),
}


def _named(which: Callable[[Endpoint], bool]) -> frozenset[str]:
    return frozenset(name for name, endpoint in ENDPOINTS.items() if which(endpoint))


CHATS = _named(lambda each: each.is_chat)
TEXTS = _named(lambda each: each.writes_text)
WITH_MAXIMUM = _named(lambda each: each.takes_maximum)
CHUNKS = _named(lambda each: each.has_chunks)
OWN_PARAMETERS = _named(lambda each: each.has_own_parameters)
OPERATIONS = {name: each.operation for name, each in ENDPOINTS.items() if each.operation}
