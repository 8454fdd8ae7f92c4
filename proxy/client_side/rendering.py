"""JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import exceptions
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from proxy.client_side.errors import InvalidRequestError
from wire_formats.json_numbers import read_weighed_json, write_json
from wire_formats.json_types import JsonObject


class JsonParser(BaseParser):
    """Takes a JSON object and nothing else."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> JsonObject:
        return self.parsed(stream.body)

    @staticmethod
    def parsed(body: bytes) -> JsonObject:
        """The object in a ``body`` that ``IncomingBody`` has read, and weighed.

        Raises ``ParseError`` and ``InvalidRequestError``.
        """
        try:
            parsed: Any = read_weighed_json(body)
        except orjson.JSONDecodeError as exc:
            raise exceptions.ParseError(f"The request body is not valid JSON: {exc}.") from exc
        if not isinstance(parsed, dict):
            raise exceptions.ParseError("The request body must be a JSON object.")
        if ambiguous := _field_in_two_cases(parsed):
            raise InvalidRequestError(
                f"The field `{ambiguous[:100]}` is given twice, in upper and lower case.",
                param=ambiguous[:100],
            )
        return parsed


def _field_in_two_cases(fields: dict[str, Any]) -> str:
    """The second of two fields that differ in case only; empty if there are none.

    Go's decoder, and so some upstreams, would take the ``Model`` beside a ``model`` for the one
    that counts, when it was the other that the caller was found to have access to.
    """
    seen: set[str] = set()
    for name in fields:
        folded = name.casefold()
        if folded in seen:
            return name
        seen.add(folded)
    return ""


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, media_type: Any = None, renderer_context: Any = None) -> bytes:
        return b"" if data is None else write_json(data)


class JsonResponse(HttpResponse):
    """A JSON answer from an object, or from bytes that are JSON already."""

    def __init__(
        self, content: Any, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        body = content if isinstance(content, bytes) else write_json(content)
        super().__init__(
            body, status=status, content_type="application/json", headers=dict(headers or {})
        )


def rendered(response: HttpResponseBase) -> HttpResponseBase:
    """``response`` with its bytes, if it is one of DRF's, which would wait to be asked for them."""
    if isinstance(response, Response) and not response.is_rendered:
        response.accepted_renderer = JsonRenderer()
        response.accepted_media_type = JsonRenderer.media_type
        setattr(response, "renderer_context", {})  # noqa: B010 - missing from the stubs
        response.render()
    return response
