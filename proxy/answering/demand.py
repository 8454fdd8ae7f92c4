"""What a request's body asks for beforehand: tokens in and out, pictures, sound, characters.

An estimate of the input is four bytes for a token and a flat count for each picture and file, as
:mod:`wire_formats.token_estimate` has it. It takes some microseconds for a usual chat, and
0.4 ms for each megabyte: bodies of ``LONG_BYTES`` and more belong in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from limits.demand import NOTHING, Demand
from proxy.answering.output_limits import (
    answers_in,
    are_tokens,
    count_of,
    fields_of,
    largest,
    named_limit,
    number_of,
    times,
)
from wire_formats.chat.estimate import estimated_chat_tokens
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.json_types import JsonObject
from wire_formats.messages.estimate import estimated_message_tokens
from wire_formats.responses.estimate import estimated_input_tokens
from wire_formats.token_counts import BYTES_PER_TOKEN
from wire_formats.token_estimate import DATA_MARK, MEDIA_TOKENS, estimated_tokens

CHAT_LIMITS = ("max_completion_tokens", "max_tokens")
RESPONSE_LIMITS = ("max_output_tokens", "max_response_output_tokens")  # older events have the last
OF_TEXT = Demand()[2:]  # what the demand of a chat has behind its tokens
EVERY_LIMIT = (*CHAT_LIMITS, *RESPONSE_LIMITS)
OLLAMA_LIMITS = ("num_predict",)
# Names of fields that hold a picture or a file, in any API without types of parts.
MEDIA_FIELDS = frozenset({"image", "image_url", "file", "file_data", "b64_json", "audio", "source"})
MEDIA_MARKS = (b'"image', b'"file', b'"b64_json"', b'"audio"', b'"source"', DATA_MARK)

# How many bytes a second of sound has, told by the end of a file's name: a guess, which the answer
# corrects. WAV as speech is recorded (16 kHz, 16 bits, mono), Opus at 32 kbit/s, and all others
# at 128 kbit/s, which encoders write unless told otherwise.
BYTES_PER_SECOND = {"wav": 32_000, "ogg": 4_000, "opus": 4_000, "webm": 4_000}
USUAL_BYTES_PER_SECOND = 16_000
UNKNOWN_AUDIO_MS = 60_000  # of a form whose length is not known: one of nothing always fits


def demand_of(endpoint: str, body: JsonObject) -> Demand:
    """The demand of ``body`` at ``endpoint``, which may be any path of an upstream.

    Raises :class:`wire_formats.errors.UnsendableError` for a body that could not be sent either.
    """
    demand = READERS.get(endpoint, _of_anything)(body)
    tier = body.get("service_tier")
    return demand._replace(service_tier=tier) if isinstance(tier, str) else demand


def demand_of_form(
    endpoint: str, value: Callable[[str], str | None], *, file_name: str, size_bytes: int
) -> Demand:
    """The demand of a form, of which the fields that came before its file are known.

    ``value`` gives a field as text. ``size_bytes`` is the length of the whole form, 0 where it is
    unknown.
    """
    text = _tokens_in(value("prompt") or "")
    if endpoint.startswith("images/"):
        return Demand(input_tokens=text + MEDIA_TOKENS, images=images_in_form(value))
    if endpoint.startswith("audio/"):
        kind = file_name.rpartition(".")[2].lower()
        rate = BYTES_PER_SECOND.get(kind, USUAL_BYTES_PER_SECOND)
        guess = size_bytes * 1000 // rate if size_bytes else UNKNOWN_AUDIO_MS
        return Demand(input_tokens=text, audio_ms=max(guess, 1))
    return Demand(input_tokens=text + MEDIA_TOKENS)


def images_in(body: JsonObject) -> int:
    """How many pictures ``body`` asks an endpoint of images for."""
    return count_of(body, "n")


def images_in_form(value: Callable[[str], str | None]) -> int:
    """How many pictures a form asks an endpoint of images for, as far as it was read."""
    return number_of(value("n")) or 1


def demand_of_message(message: JsonObject, *, is_realtime: bool) -> Demand:
    """The demand of a client's ``message`` on a socket, which asks for a response or for none.

    Its fields may stand under ``response``, as all of Realtime's do. What the socket has said
    before is not known.
    """
    if message.get("type") != "response.create":
        return NOTHING
    within = message.get("response")
    read = message | within if isinstance(within, dict) else message
    fields = within if isinstance(within, dict) else {} if is_realtime else message
    return Demand(
        input_tokens=estimated_input_tokens(read),
        output_tokens=named_limit(fields, RESPONSE_LIMITS),
        is_detached=_is_detached(read),
    )


def _of_chat(body: JsonObject) -> Demand:
    limit = named_limit(body, CHAT_LIMITS)
    options = body.get("options")  # Ollama's own, which comes first there; others do not read it
    if limit is not None and isinstance(options, dict):
        limit = largest((limit, *(options[name] for name in fields_of(options, OLLAMA_LIMITS))))
    if limit is not None:
        limit = times(limit, answers_in(CHAT_COMPLETIONS, body))
    return tuple.__new__(Demand, (estimated_chat_tokens(body), limit, *OF_TEXT))


def _of_completion(body: JsonObject) -> Demand:
    limit = named_limit(body, ("max_tokens",))
    return Demand(
        input_tokens=_prompt_tokens(body.get("prompt")),
        output_tokens=None if limit is None else times(limit, answers_in("completions", body)),
    )


def _of_response(body: JsonObject) -> Demand:
    """What goes on from a response that an upstream keeps says nothing of its length."""
    return Demand(
        input_tokens=estimated_input_tokens(body),
        output_tokens=named_limit(body, ("max_output_tokens",)),
        is_detached=_is_detached(body),
    )


def _is_detached(body: JsonObject) -> bool:
    """Whether the response is made in the background, for all that an upstream may read."""
    return any(body[name] is not False for name in fields_of(body, ("background",)))


def _of_compaction(body: JsonObject) -> Demand:
    return Demand(input_tokens=estimated_input_tokens(body))


def _of_message(body: JsonObject) -> Demand:
    return Demand(
        input_tokens=estimated_message_tokens(body),
        output_tokens=named_limit(body, ("max_tokens",)),
    )


def _of_embedding(body: JsonObject) -> Demand:
    if isinstance(body.get("messages"), list):  # vLLM's
        return Demand(input_tokens=estimated_chat_tokens(body), output_tokens=0)
    return Demand(input_tokens=_prompt_tokens(body.get("input")), output_tokens=0)


def _of_input(body: JsonObject) -> Demand:
    """Of what is judged or put into order, where nothing is written."""
    names = ("input", "query", "documents")
    read: JsonObject = {name: body[name] for name in names if name in body}
    return Demand(input_tokens=_estimated(read), output_tokens=0)


def _of_images(body: JsonObject) -> Demand:
    names = ("prompt", "image", "images", "mask")
    read: JsonObject = {name: body[name] for name in names if name in body}
    return Demand(input_tokens=_estimated(read), images=images_in(body))


def _of_speech(body: JsonObject) -> Demand:
    text = body.get("input")
    text = text if isinstance(text, str) else ""
    return Demand(input_tokens=_tokens_in(text), output_tokens=0, characters=len(text))


def _of_anything(body: JsonObject) -> Demand:
    """Of a body of any API: what an upstream is asked by its own path."""
    if not body:
        return NOTHING
    limit = named_limit(body, EVERY_LIMIT)
    return Demand(
        input_tokens=_estimated(body),
        output_tokens=None if limit is None else times(limit, count_of(body, "n")),
    )


def _of_nothing(body: JsonObject) -> Demand:
    """Counting tokens, and looking up what is there, run no model."""
    return NOTHING


READERS: Mapping[str, Callable[[JsonObject], Demand]] = {
    CHAT_COMPLETIONS: _of_chat,
    "completions": _of_completion,
    "responses": _of_response,
    "responses/compact": _of_compaction,
    "responses/input_tokens": _of_nothing,
    "messages": _of_message,
    "messages/count_tokens": _of_nothing,
    "embeddings": _of_embedding,
    "moderations": _of_input,
    "rerank": _of_input,
    "images/generations": _of_images,
    "images/edits": _of_images,
    "audio/speech": _of_speech,
    "audio/voices": _of_nothing,
    "realtime": _of_nothing,  # asked for with each message, not with the socket
}


def _prompt_tokens(prompt: Any) -> int:
    """Of a text, of several, or of tokens as numbers."""
    if isinstance(prompt, list):
        if are_tokens(prompt):
            return len(prompt)
        if prompt and isinstance(prompt[0], list):
            return sum(len(each) for each in prompt if isinstance(each, list))
    return _estimated({"prompt": prompt})


def _estimated(read: JsonObject) -> int:
    return estimated_tokens(read, _holds_media, *MEDIA_MARKS)


def _holds_media(value: JsonObject) -> bool:
    """Whether ``value`` has one with something in it, and not such fields in a schema."""
    return any(isinstance(value.get(name), str | dict) for name in MEDIA_FIELDS)


def _tokens_in(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)
