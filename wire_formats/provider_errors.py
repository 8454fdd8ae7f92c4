"""Reading what any provider says went wrong.

OpenAI writes ``{"error": {"message", "type", "param", "code"}}``. Others write ``error`` as a
string, ``detail`` (FastAPI), the fields without an envelope, or a list around it all (Google); vLLM
has the HTTP status as ``code``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson

from wire_formats.json_numbers import load_json
from wire_formats.json_objects import unwrapped
from wire_formats.secrets import without_secrets

LONGEST_TEXT = 2000
DEEPEST = 20
HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")
TEXTS = ("message", "type", "param", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderError:
    """A provider's own words, empty where it said nothing. ``status`` is 0 where none was told."""

    message: str = ""
    type: str = ""
    param: str = ""
    code: str = ""
    status: int = 0

    def without(self, secrets: Iterable[str]) -> ProviderError:
        """The same error, with no secret in any of its texts, each of which is cut to fit."""
        texts: dict[str, Any] = {
            name: without_secrets(getattr(self, name), secrets)[:LONGEST_TEXT] for name in TEXTS
        }
        return replace(self, **texts)


def error_in_body(body: bytes) -> ProviderError:
    """The error that the ``body`` of a failed response tells of."""
    try:
        answer: Any = load_json(body)
    except orjson.JSONDecodeError:
        return ProviderError()
    answer = unwrapped(answer)
    return read_error(answer.get("error", answer)) if isinstance(answer, dict) else ProviderError()


def read_error(error: Any) -> ProviderError:
    """``error``, an object or a string, as it stands in an answer or in an event."""
    if not isinstance(error, dict):
        return ProviderError(message=_text(error))
    message = error["message"] if "message" in error else error.get("detail")
    return ProviderError(
        message=_text(message),
        type=_text(error.get("type")),
        param=_text(error.get("param")),
        code=_text(error.get("code")),
        status=_status(error.get("code")),
    )


def failure_without_secrets(response: Any, secrets: Iterable[str]) -> Any:
    """An answer that tells of its own failure, with no secret in what it says of that.

    Its strings are gone through, not its bytes: JSON may write one string in many ways.
    """
    if isinstance(response, dict) and response.get("error"):
        return response | {"error": cleaned(response["error"], frozenset(secrets))}
    return response


def cleaned(
    value: Any,
    secrets: frozenset[str],
    *,
    depth: int = DEEPEST,
    longest: int | None = LONGEST_TEXT,
) -> Any:
    """``value`` with no secret in any string of it, and none longer than ``longest`` characters.

    What is nested deeper than ``depth`` is left out: nobody reads an error as deep as that.
    """
    match value:
        case str():
            return without_secrets(value, secrets)[:longest]
        case dict() | list() if not depth:
            return None
        case dict():
            return {
                without_secrets(name, secrets): cleaned(
                    each, secrets, depth=depth - 1, longest=longest
                )
                for name, each in value.items()
            }
        case list():
            return [cleaned(each, secrets, depth=depth - 1, longest=longest) for each in value]
        case _:
            return value


def _status(code: Any) -> int:
    if isinstance(code, str) and HTTP_STATUS.fullmatch(code):
        return int(code)
    return code if isinstance(code, int) else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
