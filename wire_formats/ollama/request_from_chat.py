"""Requests in the form of Ollama's own API.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from wire_formats.chat.reading import (
    SYSTEM_ROLES,
    Image,
    dropped_fields,
    function_calls_of,
    json_schema_of,
    messages_of,
    output_limit,
    parts_of,
    stop_sequences,
    text_of,
)
from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.ollama.types import ChatRequest, EmbedRequest, Message
from wire_formats.payload import Payload, dropped_parameters

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
UNCHANGED = ("keep_alive", "think")
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
        "reasoning_effort",
        *OPTIONS,
        *UNCHANGED,
    }
)
EMBED_UNCHANGED = ("dimensions", "keep_alive", "truncate", "options")
EMBED_KNOWN = frozenset({"model", "input", "encoding_format", *EMBED_UNCHANGED})


def chat_request(body: JsonObject, *, model: str) -> Payload:
    """The request of ``/api/chat`` for a chat's ``body``. Raises :class:`UnsendableError`."""
    copied = _given(body, UNCHANGED)
    request: ChatRequest = {
        "model": model,
        "messages": list(_messages(body)),
        "stream": body.get("stream") is True,  # Ollama streams unless it is told not to
    }
    handled = set(KNOWN)
    if options := _options(body):
        request["options"] = options
    if (output_format := _format(body)) is not None:
        request["format"] = output_format
    else:
        handled.discard("response_format")
    if (effort := body.get("reasoning_effort")) is not None:
        request["think"] = False if effort == "none" else effort
    choice = body.get("tool_choice")
    if body.get("tools") and choice != "none":
        request["tools"] = body["tools"]
    if choice in ("auto", "none"):
        handled.add("tool_choice")
    return Payload({**request, **copied}, dropped_parameters(body, handled) + dropped_fields(body))


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


def _messages(body: JsonObject) -> Iterator[Message]:
    names: dict[str, str] = {}  # of the functions called so far, by the id of the call
    for message in messages_of(body):
        calls = list(function_calls_of(message))
        names |= {call.id: call.name for call in calls}
        written = _message(message)
        if calls:
            written["tool_calls"] = [
                {"function": {"name": call.name, "arguments": call.parsed_arguments()}}
                for call in calls
            ]
        if message["role"] == "tool":
            written["tool_name"] = names.get(str(message.get("tool_call_id")), "")
        yield written


def _message(message: JsonObject) -> Message:
    """Role, text and images of ``message``."""
    role = "system" if message["role"] in SYSTEM_ROLES else message["role"]
    parts = list(parts_of(message))
    images = [_base64(part) for part in parts if part.get("type") == "image_url"]
    texts = [part for part in parts if part.get("type") != "image_url"]
    written: Message = {"role": role, "content": text_of({"content": texts})}
    if images:
        written["images"] = images
    return written


def _base64(part: JsonObject) -> str:
    image = Image.of(part)
    if image.url:
        raise UnsendableError("`image_url` must be a data URL: Ollama fetches no images.")
    return image.base64


def _options(body: JsonObject) -> JsonObject:
    """Sampling; what the client wrote as ``options`` in Ollama's own words comes first."""
    options = _given(body, OPTIONS)
    if stop := stop_sequences(body):
        options["stop"] = stop
    if (limit := output_limit(body)) is not None:
        options["num_predict"] = limit
    own: Any = body.get("options")
    return options | own if isinstance(own, dict) else options


def _format(body: JsonObject) -> JsonObject | Literal["json"] | None:
    if (schema := json_schema_of(body)) is not None:
        return schema.get("schema")
    match body.get("response_format"):
        case {"type": "json_object"}:
            return "json"
        case _:
            return None


def _given(body: JsonObject, names: tuple[str, ...]) -> JsonObject:
    return {name: body[name] for name in names if body.get(name) is not None}


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
