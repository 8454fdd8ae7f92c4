"""Reads the fields of chat requests, for the formats that they are translated to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from wire_formats.errors import UnsendableError
from wire_formats.json_types import JsonObject
from wire_formats.unread import ALL, Among, ByType, Fields, all_of, unread

ToolMode = Literal["auto", "none", "required"]

DATA_URL = re.compile(r"data:([\w.+/-]*)(?:;[\w=.+-]+)*?;base64,", re.ASCII)
RESULT_ROLES = frozenset({"tool", "function"})
SYSTEM_ROLES = frozenset({"system", "developer"})
TEXT_PARTS = frozenset({"text", "input_text", "output_text"})
TOOL_MODES: dict[str, ToolMode] = {"auto": "auto", "none": "none", "required": "required"}
# The name of a schema is a label, where all schemas are strict.
SCHEMA_FORMAT: Fields = {
    "type": ALL,
    "json_schema": all_of("name", "description", "schema", "strict"),
}
# What is read of a call. Google's signature in ``extra_content`` means nothing to other models.
CALL: Fields = {
    **all_of("id", "type", "index", "extra_content"),
    "function": all_of("name", "arguments"),
    "custom": all_of("name", "input"),
}
LEGACY_CALL = all_of("name", "arguments")
CHOICE: Fields = {
    **all_of("type", "name", "mode", "tools"),
    "allowed_tools": all_of("mode", "tools"),
    # Some clients repeat the whole definition.
    "function": all_of("name", "description", "parameters", "strict"),
    "custom": all_of("name", "description", "format"),
}


def parts_with(*names: str, detail: Among | None = ALL) -> ByType:
    """What is read of the parts of a content where each part has the fields ``names``, too.

    ``detail`` is what is read of that of an image.
    """
    text, further = all_of("type", "text", *names), all_of("type", *names)
    image: Fields = {**further, "image_url": {"url": ALL, "detail": detail}, "detail": detail}
    file = all_of("file_data", "file_id", "file_url", "filename")
    return ByType(
        {
            "text": text,
            "input_text": text,
            "output_text": text,
            "refusal": all_of("refusal", *further),
            "image_url": image,
            "input_image": image,
            "file": {**further, "file": file},
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image given by a URL, or as base64 text with its media type."""

    url: str = ""
    media_type: str = ""
    base64: str = ""

    @classmethod
    def of(cls, part: JsonObject) -> Image:
        """The image of an ``image_url`` part."""
        source = part.get("image_url")
        url = source.get("url") if isinstance(source, dict) else source
        if not isinstance(url, str) or not url:
            raise UnsendableError("`image_url` must hold a `url`, a string.")
        if not url.startswith("data:"):
            return cls(url=url)
        match = DATA_URL.match(url)
        if match is None:
            raise UnsendableError("The data URL of an image must be in base64.")
        return cls(media_type=match[1], base64=url[match.end() :])


def messages_of(body: JsonObject) -> Iterator[JsonObject]:
    """The messages of a request. Raises :class:`UnsendableError`."""
    for message in _items(body, "messages"):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise UnsendableError("Each message must be an object with a `role`.")
        yield message


def answered_until(messages: list[JsonObject]) -> int:
    """How many of ``messages`` an assistant has answered already; the others are the question."""
    roles = [message["role"] for message in messages]
    return len(roles) - roles[::-1].index("assistant") if "assistant" in roles else 0


def further_fields(message: JsonObject, expressed: Fields) -> list[str]:
    """The fields of ``message`` that say something and are not ``expressed``, as they are named.

    The ``name`` of a tool's result is that of its call.
    """
    known = {**expressed, "name": ALL} if message["role"] in RESULT_ROLES else expressed
    return unread(message, known, "messages")


def parts_of(message: JsonObject) -> Iterator[JsonObject]:
    """The content of a message as parts, each with a ``type``; text that is empty is left out."""
    content: Any = message.get("content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for part in _items({"content": content}, "content"):
        if not isinstance(part, dict):
            raise UnsendableError("`content` must be a string or an array of parts.")
        if part.get("type") == "refusal":
            yield {"type": "text", "text": part.get("refusal")}
        elif part.get("type") != "text" or part.get("text"):
            yield part


def stop_sequences(body: JsonObject) -> list[str]:
    """``stop`` as a list, whichever way it was written."""
    stop: Any = body.get("stop")
    return [stop] if isinstance(stop, str) else _items(body, "stop")


def output_limit(body: JsonObject) -> int | None:
    """How many tokens the client lets the model write, be it ``1000`` or ``1e3``."""
    limit: Any = body.get(limit_name(body))
    if isinstance(limit, float) and limit.is_integer():
        return int(limit)
    return limit if isinstance(limit, int) else None


def limit_name(body: JsonObject) -> str:
    """The field that holds the limit; the older one where there is none."""
    is_newer = body.get("max_completion_tokens") is not None
    return "max_completion_tokens" if is_newer else "max_tokens"


def json_schema_of(body: JsonObject) -> JsonObject | None:
    """The ``json_schema`` object of ``response_format``, if that is what it asks for."""
    match body.get("response_format"):
        case {"type": "json_schema", "json_schema": dict(schema)}:
            return schema
        case _:
            return None


def described_schema(form: JsonObject) -> Any:
    """The schema in the ``json_schema`` object ``form``, with the description beside it in it."""
    schema, said = form.get("schema"), form.get("description")
    if isinstance(schema, dict) and isinstance(said, str) and said and "description" not in schema:
        return schema | {"description": said}
    return schema


def _items(holder: JsonObject, name: str) -> list[Any]:
    """The list ``name`` of ``holder``, empty if there is none."""
    value: Any = holder.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise UnsendableError(f"`{name}` must be an array.")
    return value
