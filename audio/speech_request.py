"""A request for speech: what it must hold, and under which name its answer is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from connections.choices import CALLERS_OWN
from connections.upstream import Upstream
from models_registry.targets import Target
from proxy.client_side.errors import InvalidRequestError
from wire_formats.json_numbers import write_json
from wire_formats.json_types import JsonObject

ENDPOINT = "audio/speech"
CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
DEFAULT_FORMAT = "mp3"
LONGEST_VOICE = 256
# Names of voices at any provider, and nothing that could mean a path or a query.
VOICE = re.compile(r"(?!.*\.\.)[\w .,:()+@|-]+")
FORMAT = re.compile(r"[a-z0-9_-]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechRequest:
    """``body`` is the client's. ``audio_format`` is what it asks for, or OpenAI's default.

    ``bodies`` stand in for it at targets that know a further model by another name.
    """

    body: JsonObject = field(repr=False)
    text: str = field(repr=False)
    audio_format: str
    is_event_stream: bool
    bodies: Mapping[Target, JsonObject] = field(default_factory=dict, repr=False)

    @classmethod
    def parse(cls, body: JsonObject) -> SpeechRequest:
        """Raises :class:`proxy.client_side.errors.InvalidRequestError`."""
        text = body.get("input")
        if not isinstance(text, str) or not text:
            raise InvalidRequestError("`input` must be a non-empty string.", param="input")
        _check_voice(body.get("voice"))
        audio_format = body.get("response_format") or DEFAULT_FORMAT
        if not isinstance(audio_format, str) or not FORMAT.fullmatch(audio_format):
            raise InvalidRequestError(
                "`response_format` must be an audio format.", param="response_format"
            )
        return cls(
            body=body,
            text=text,
            audio_format=audio_format,
            is_event_stream=body.get("stream_format") == "sse",
        )

    @property
    def content_type(self) -> str:
        """The media type of the format, where upstreams do not say it."""
        return CONTENT_TYPES.get(self.audio_format, "application/octet-stream")

    def digest(self, target: Target, scope: str) -> str:
        """The name of the answer of ``target``, as 64 hexadecimal digits.

        The connection, the upstream's model, every parameter and ``scope``, the circle of users
        that share answers, are in it. The order of keys and white space are not. Raises
        :class:`proxy.client_side.errors.InvalidRequestError` for a body that cannot be sent either.
        """
        upstream = target.connection.upstream
        connection = [upstream.id, upstream.base_url, upstream.api_version, upstream.headers]
        identity = [scope, connection, target.model, self.body_for(target) | {"model": ""}]
        try:
            canonical = write_json(identity, option=orjson.OPT_SORT_KEYS)
        except TypeError as exc:
            raise InvalidRequestError("The request is nested too deeply.") from exc
        return hashlib.sha256(canonical).hexdigest()

    def body_for(self, target: Target) -> JsonObject:
        """The client's body with what an admin would have said in its place."""
        return target.body(self.bodies.get(target, self.body), ENDPOINT)


def is_told_who_asks(upstream: Upstream) -> bool:
    """Whether each request tells ``upstream`` its user, who may then be answered otherwise."""
    return (
        upstream.auth_type in CALLERS_OWN
        or upstream.forward_cookies
        or any("{{" in value for _, value in upstream.headers)
    )


def _check_voice(voice: Any) -> None:
    """A name, or OpenAI's object for a voice of one's own."""
    name = voice.get("id") if isinstance(voice, dict) else voice
    if name is None:
        return  # some upstreams have a default
    if not isinstance(name, str) or len(name) > LONGEST_VOICE or not VOICE.fullmatch(name):
        raise InvalidRequestError("`voice` must be the name of a voice.", param="voice")
