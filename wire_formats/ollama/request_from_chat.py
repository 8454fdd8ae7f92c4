"""Requests in the form of Ollama's own API.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from typing import Any, Literal

from wire_formats.chat.reading import (
    SCHEMA_FORMAT,
    described_schema,
    json_schema_of,
    limit_name,
    output_limit,
    stop_sequences,
)
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.json_values import as_object
from wire_formats.ollama.messages_from_chat import Messages, functions_of
from wire_formats.ollama.types import ChatRequest, EmbedRequest
from wire_formats.payload import Payload, dropped_parameters
from wire_formats.unread import unread

# Parameters of a chat that Ollama takes among its options, under the same name.
OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "num_ctx",
)
UNCHANGED = ("format", "keep_alive", "logprobs", "think", "top_logprobs")
# The efforts that Ollama has no word for, as the nearest that it has; of ``think``, too.
LEVELS = {"none": False, "minimal": "low", "xhigh": "high", "max": "high"}
KNOWN = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "options",
        "tools",
        "response_format",
        "reasoning",
        "reasoning_effort",
        *OPTIONS,
        *UNCHANGED,
    }
)
EMBED_UNCHANGED = ("dimensions", "keep_alive", "truncate", "options")
EMBED_KNOWN = frozenset({"model", "input", "encoding_format", *EMBED_UNCHANGED})


def chat_request(body: JsonObject, *, model: str) -> Payload:
    """The request of ``/api/chat`` for a chat's ``body``. Raises :class:`UnsendableError`."""
    messages = Messages(body)
    copied = _given(body, UNCHANGED)
    request: ChatRequest = {
        "model": model,
        "messages": messages.written(),
        "stream": body.get("stream") is True,  # Ollama streams unless it is told not to
    }
    dropped = list(dict.fromkeys(messages.dropped))
    handled = set(KNOWN)
    if options := _options(body, dropped):
        request["options"] = options
    if (output_format := _format(body)) is not None:
        request["format"] = output_format
        dropped += unread(body.get("response_format"), SCHEMA_FORMAT, "response_format")
    else:
        handled.discard("response_format")
    if (think := _think(body, dropped)) is not None:
        request["think"] = think
    choice = body.get("tool_choice")
    if choice in ("auto", "none"):
        handled.add("tool_choice")
    if choice != "none" and (tools := list(functions_of(body.get("tools"), dropped))):
        request["tools"] = tools
    return Payload({**copied, **request}, dropped_parameters(body, handled) + tuple(dropped))


def embed_request(body: JsonObject, *, model: str) -> Payload:
    """The request of ``/api/embed`` for ``body``. Raises :class:`UnsendableError`."""
    texts: Any = body.get("input")
    if not isinstance(texts, str) and not _are_texts(texts):
        raise UnsendableError(
            "`input` must be a string or an array of strings: Ollama takes no tokens."
        )
    request: EmbedRequest = {"model": model, "input": texts}
    copied = _given(body, EMBED_UNCHANGED)
    return Payload({**request, **copied}, dropped_parameters(body, EMBED_KNOWN))


def _think(body: JsonObject, dropped: list[str]) -> Any:
    """``think`` in the client's own words, or for the effort that OpenAI's clients ask for."""
    reasoning = body.get("reasoning")
    name, level = "think", body.get("think")
    if level is None:
        name, level = "reasoning_effort", body.get("reasoning_effort")
    if level is None and isinstance(reasoning, dict):
        name, level = "reasoning", reasoning.get("effort")
    if not isinstance(level, str) or level not in LEVELS:
        return level  # None where nothing was said
    if level != "none":
        dropped.append(name)
    return LEVELS[level]


def _options(body: JsonObject, dropped: list[str]) -> JsonObject:
    """Sampling; what the client wrote as ``options`` in Ollama's own words comes first."""
    options = _given(body, OPTIONS)
    if stop := stop_sequences(body):
        options["stop"] = stop
    if (limit := output_limit(body)) is not None:
        options["num_predict"] = limit
    elif body.get(name := limit_name(body)) is not None:
        dropped.append(name)
    own: Any = body.get("options")
    return options | own if isinstance(own, dict) else options


def _format(body: JsonObject) -> JsonObject | Literal["json"] | None:
    if (schema := json_schema_of(body)) is not None:
        return as_object(described_schema(schema)) or None
    match body.get("response_format"):
        case {"type": "json_object"}:
            return "json"
        case _:
            return None


def _given(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: body[name] for name in names if body.get(name) is not None}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
