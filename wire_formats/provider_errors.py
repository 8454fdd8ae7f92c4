"""Reading what any provider says went wrong.

OpenAI writes ``{"error": {"message", "type", "param", "code"}}``. Others write ``error`` as a
string, ``detail`` (FastAPI: a string, or a list of ``{loc, msg}``), ``errors``, the fields without
an envelope, or a list around it all (Google); vLLM has the HTTP status as ``code``. OpenRouter
quotes the provider behind it in ``metadata.raw``. Some write no JSON at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from wire_formats.error_meanings import status_named
from wire_formats.json_numbers import load_json, write_json
from wire_formats.json_objects import unwrapped
from wire_formats.json_types import JsonObject
from wire_formats.secrets import LONGEST_TEXT, cleaned, safe_text

IDENTIFIER = re.compile(r"[A-Za-z][\w.:-]{0,99}", re.ASCII)  # a code, not a sentence or a number
HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")
TEXTS = ("message", "type", "param", "code")
# The names of each text, of which the first that is there counts.
MESSAGES = (
    "message",
    "detail",
    "msg",
    "error_message",
    "errorMessage",
    "error_description",
    "Message",
    "title",
)
TYPES = ("type", "error_type", "__type")
CODES = ("code", "error_code", "errorCode")
STATUSES = ("code", "status", "statusCode", "status_code")
READ = frozenset({*TEXTS, *MESSAGES, *TYPES, *CODES, "error", "object"})
LARGEST_MORE_BYTES = 16 * 1024
LONGEST_PLAIN_TEXT = 500
MOST_COMPLAINTS = 10
DEEPEST_QUOTE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderError:
    """A provider's own words, empty where it said nothing. ``status`` is 0 where none was told.

    ``more`` holds the fields that only some providers have: ``metadata``, ``innererror``, …
    """

    message: str = ""
    type: str = ""
    param: str = ""
    code: str = ""
    status: int = 0
    more: JsonObject = field(default_factory=dict)

    def without(self, secrets: Iterable[str]) -> ProviderError:
        """The same error, with no secret in any of its texts, each of which is cut to fit."""
        known = frozenset(secrets)
        texts: dict[str, Any] = {
            name: safe_text(getattr(self, name), known)[:LONGEST_TEXT] for name in TEXTS
        }
        return replace(self, **texts, more=cleaned(_small(self.more), known))


def error_in_body(body: bytes) -> ProviderError:
    """The error that the ``body`` of a failed response tells of."""
    try:
        answer: Any = load_json(body)
    except orjson.JSONDecodeError:
        return ProviderError(message=_plain_text(body))
    answer = unwrapped(answer)
    return error_in_answer(answer) if isinstance(answer, dict) else ProviderError()


def error_in_answer(answer: JsonObject) -> ProviderError:
    """The error that a whole ``answer`` tells of, within an envelope or beside other fields."""
    error = answer.get("error")
    if isinstance(error, dict | list):
        return read_error(error)
    read = replace(read_error(answer), more={})
    # A text beside a longer one is a name: {"error": "Bad Request", "message": "…"}.
    return replace(read, message=read.message or _text(error))


def read_error(error: Any) -> ProviderError:
    """``error``, an object or a string, as it stands in an answer or in an event."""
    if isinstance(error, list):
        return ProviderError(message=_message(error))
    if not isinstance(error, dict):
        return ProviderError(message=_text(error))
    code = _first_text(error, CODES)
    kind = _first_text(error, TYPES)
    read = ProviderError(
        message=next(filter(None, (_message(error.get(name)) for name in MESSAGES)), "")
        or _message(error.get("errors")),
        type="" if kind == "error" else kind,
        param=_text(error.get("param")) or _place(error.get("detail")),
        code="" if HTTP_STATUS.fullmatch(code) else code,
        status=_status(error) or status_named(code, kind, _text(error.get("status"))),
        more={name: value for name, value in error.items() if name not in READ and value},
    )
    return _with_quoted(read, error.get("metadata"))


def _with_quoted(read: ProviderError, metadata: Any) -> ProviderError:
    """OpenRouter's error with the words of the provider behind it, which tell what went wrong."""
    if not isinstance(metadata, dict):
        return read
    quoted = _quoted(metadata.get("raw"))
    provider = _text(metadata.get("provider_name"))
    if not quoted.message or quoted.message in read.message:
        return read
    said = f"{provider}: {quoted.message}" if provider else quoted.message
    return replace(
        read,
        message=f"{read.message} ({said})" if read.message else said,
        **{
            name: getattr(read, name) or getattr(quoted, name) for name in ("type", "param", "code")
        },
    )


def _quoted(raw: Any) -> ProviderError:
    if isinstance(raw, str):
        return error_in_body(raw.encode(errors="replace"))
    return read_error(raw.get("error", raw)) if isinstance(raw, dict) else ProviderError()


def _message(value: Any, depth: int = DEEPEST_QUOTE) -> str:
    """The text of ``value``: a string, an object that holds one, or a list of such."""
    match value:
        case str():
            return value
        case dict() if depth:
            said = next(
                (text for name in MESSAGES if (text := _message(value.get(name), depth - 1))), ""
            )
            place = _place([value])
            return f"{place}: {said}" if place and said else said
        case list() if depth:
            complaints = [_message(each, depth - 1) for each in value[:MOST_COMPLAINTS]]
            return "; ".join(filter(None, complaints))
    return ""


def _place(detail: Any) -> str:
    """The place in the request that FastAPI's first complaint is about: ``messages.0.content``."""
    match detail:
        case [{"loc": list(places)}, *_]:
            names = [str(each) for each in places if isinstance(each, str | int)]
            return ".".join(names[1:] if names[:1] == ["body"] else names)
    return ""


def _plain_text(body: bytes) -> str:
    """A body that is a sentence, and neither a page nor the rest of something else."""
    try:
        text = body[: LONGEST_PLAIN_TEXT * 4].decode().strip()
    except UnicodeDecodeError:
        return ""
    is_sentence = text[:1].isalnum() and "<" not in text and " " in text
    lines = text.split("\n")
    if not is_sentence or not all(line.rstrip("\r").isprintable() for line in lines):
        return ""
    return lines[0].strip()[:LONGEST_PLAIN_TEXT]


def _small(more: JsonObject) -> JsonObject:
    """As many of the fields as a client can be sent."""
    kept: JsonObject = {}
    left = LARGEST_MORE_BYTES
    for name, value in more.items():
        try:
            left -= len(write_json({name: value}))
        except TypeError:  # nested too deeply to be written
            continue
        if left < 0:
            break
        if name not in READ:
            kept[name] = value
    return kept


def _status(error: JsonObject) -> int:
    for name in STATUSES:
        value = error.get(name)
        if isinstance(value, str) and HTTP_STATUS.fullmatch(value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 100 <= value < 600:
            return value
    return 0


def _first_text(holder: JsonObject, names: Iterable[str]) -> str:
    return next((text for name in names if (text := _text(holder.get(name)))), "")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
