"""What a request's body asks for beforehand: tokens in and out, pictures, sound, characters.

An estimate of the input is four bytes for a token and a flat count for each picture and file, as
:mod:`wire_formats.token_estimate` has it. It takes some microseconds for a usual chat, and
0.4 ms for each megabyte: bodies of ``LONG_BYTES`` and more belong in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from limits.demand import NOTHING, Demand
from wire_formats.chat.estimate import estimated_chat_tokens
from wire_formats.endpoints import CHAT_COMPLETIONS
from wire_formats.figures import MOST
from wire_formats.json_types import JsonObject
from wire_formats.messages.estimate import estimated_message_tokens
from wire_formats.responses.estimate import estimated_input_tokens
from wire_formats.token_counts import BYTES_PER_TOKEN
from wire_formats.token_estimate import DATA_MARK, MEDIA_TOKENS, estimated_tokens

CHAT_LIMITS = ("max_completion_tokens", "max_tokens")
# Realtime's sessions and older events have the last of these.
EVERY_LIMIT = (*CHAT_LIMITS, "max_output_tokens", "max_response_output_tokens")
# Names of fields that hold a picture or a file, in any API without types of parts.
MEDIA_FIELDS = frozenset({"image", "image_url", "file", "file_data", "b64_json", "audio", "source"})
MEDIA_MARKS = (b'"image', b'"file', b'"b64_json"', b'"audio"', b'"source"', DATA_MARK)

# How many bytes a second of sound has, told by the end of a file's name: a guess, which the answer
# corrects. WAV as speech is recorded (16 kHz, 16 bits, mono), Opus at 32 kbit/s, and all others
# at 128 kbit/s, which encoders write unless told otherwise.
BYTES_PER_SECOND = {"wav": 32_000, "ogg": 4_000, "opus": 4_000, "webm": 4_000}
USUAL_BYTES_PER_SECOND = 16_000


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
        return Demand(input_tokens=text, audio_ms=size_bytes * 1000 // rate)
    return Demand(input_tokens=text + MEDIA_TOKENS)


def images_in(body: JsonObject) -> int:
    """How many pictures ``body`` asks an endpoint of images for."""
    return _count(body, "n")


def images_in_form(value: Callable[[str], str | None]) -> int:
    """How many pictures a form asks an endpoint of images for, as far as it was read."""
    number = value("n") or ""
    return (whole(int(number)) or 1) if number.isascii() and number.isdigit() else 1


def demand_of_message(message: JsonObject) -> Demand:
    """The demand of a client's ``message`` on a socket, which asks for a response or for none.

    Its fields may stand under ``response``. What the socket has said before is not known.
    """
    if message.get("type") != "response.create":
        return NOTHING
    within = message.get("response")
    return _of_response(message | within if isinstance(within, dict) else message)


def named_limit(body: JsonObject, names: tuple[str, ...]) -> int | None:
    """The largest whole number under ``names``; None where there is none."""
    found: int | None = None
    for name in names:
        if name in body:
            limit = whole(body[name])
            if limit is not None and (found is None or limit > found):
                found = limit
    return found


def whole(value: Any) -> int | None:
    """``value`` as a whole number, as which ``1e3`` counts too; None for everything else."""
    if type(value) is int and 0 <= value <= MOST:  # nearly always
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return None
    return min(int(value), MOST)


def answers_in(endpoint: str, body: JsonObject) -> int:
    """How many answers are written, each of which may have the maximum of output.

    Each prompt of a completion is answered ``n`` times, and ``best_of`` are written for that.
    """
    if endpoint != "completions":
        return _count(body, "n")
    prompt = body.get("prompt")
    prompts = len(prompt) if isinstance(prompt, list) and not _are_tokens(prompt) else 1
    return _times(max(prompts, 1), max(_count(body, "n"), _count(body, "best_of")))


def _of_chat(body: JsonObject) -> Demand:
    limit = named_limit(body, CHAT_LIMITS)
    options = body.get("options")  # Ollama's own
    if limit is None and isinstance(options, dict):
        limit = whole(options.get("num_predict"))
    return Demand(
        input_tokens=estimated_chat_tokens(body),
        output_tokens=None if limit is None else _times(limit, _count(body, "n")),
    )


def _of_completion(body: JsonObject) -> Demand:
    limit = named_limit(body, ("max_tokens",))
    return Demand(
        input_tokens=_prompt_tokens(body.get("prompt")),
        output_tokens=None if limit is None else _times(limit, answers_in("completions", body)),
    )


def _of_response(body: JsonObject) -> Demand:
    """What goes on from a response that an upstream keeps says nothing of its length."""
    limit = named_limit(body, ("max_output_tokens", "max_response_output_tokens"))
    return Demand(input_tokens=estimated_input_tokens(body), output_tokens=limit)


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
        output_tokens=None if limit is None else _times(limit, _count(body, "n")),
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
        if _are_tokens(prompt):
            return len(prompt)
        if prompt and isinstance(prompt[0], list):
            return sum(len(each) for each in prompt if isinstance(each, list))
    return _estimated({"prompt": prompt})


def _are_tokens(prompt: list[Any]) -> bool:
    return bool(prompt) and isinstance(prompt[0], int)


def _estimated(read: JsonObject) -> int:
    return estimated_tokens(read, _holds_media, *MEDIA_MARKS)


def _holds_media(value: JsonObject) -> bool:
    """Whether ``value`` has one with something in it, and not such fields in a schema."""
    return any(isinstance(value.get(name), str | dict) for name in MEDIA_FIELDS)


def _tokens_in(text: str) -> int:
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN)


def _count(body: JsonObject, name: str) -> int:
    return (whole(body[name]) or 1) if name in body else 1


def _times(limit: int, count: int) -> int:
    return min(limit * count, MOST)
