"""Images that are streamed."""

from __future__ import annotations

import re

from wire_formats.dialect import DescribedError, Dialect, Meaning
from wire_formats.json_objects import json_object
from wire_formats.json_types import JsonObject
from wire_formats.sse import data_of, encoded_event
from wire_formats.token_counts import Tokens, read_usage


class ImagesDialect(Dialect):
    """Images that come clearer and clearer. Each ends with an event, their stream with none.

    ``whole`` is the type of the event with a whole image.
    """

    ending = b""
    whole = "image_generation.completed"
    _types = re.compile(rb'"type"\s*:\s*"(?:image_\w+\.completed|error)"|"error"\s*:\s*[{"]')

    def is_noteworthy(self, block: bytes) -> bool:
        return self._types.search(block) is not None

    def meaning_of(self, event: bytes, tokens: Tokens) -> Meaning:
        parsed = json_object(data_of(event))
        kind = parsed.get("type")
        if kind == "error" or parsed.get("error"):
            return Meaning(error=parsed.get("error") or parsed)
        read_usage(parsed.get("usage"), tokens)
        return Meaning(has_finished=isinstance(kind, str) and kind.endswith(".completed"))

    def events_of(self, answer: JsonObject) -> bytes:
        images = answer.get("data")
        kind = self.whole
        shared = {"type": kind} | {k: v for k, v in answer.items() if k != "data"}
        return b"".join(
            encoded_event(shared | image, name=kind)
            for image in (images if isinstance(images, list) else [])
            if isinstance(image, dict)
        )

    def error_event(
        self, error: DescribedError, *, request_id: str, last_block: bytes, opening: bytes = b""
    ) -> bytes:
        return encoded_event(error.body(), name="error")


class EditsDialect(ImagesDialect):
    """Images made of other images."""

    whole = "image_edit.completed"


IMAGES = ImagesDialect()
EDITS = EditsDialect()
