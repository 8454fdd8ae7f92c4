"""What an upstream's error becomes: its own words where they are safe, ours where they are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from wire_formats.json_types import JsonObject

from proxy.errors import AnsweredError, ApiError, UpstreamAnswerError
from proxy.response_headers import retry_headers
from wire_formats.json_numbers import load_json, write_json

LONGEST_TEXT = 2000
REMOVED = "[removed]"
HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")
# Statuses that speak of the client's request, and so are the client's to know.
ABOUT_THE_REQUEST = frozenset({400, 404, 409, 413, 415, 422, 429})
# The upstream refuses the gateway's own credential; the client's is fine.
ABOUT_THE_CREDENTIAL = frozenset({401, 403})
SAFE_SERVER_STATUSES = {503: 503, 504: 504, 529: 503}


def error_from_response(
    status: int, headers: Mapping[str, str], body: bytes, *, secrets: frozenset[str]
) -> ApiError:
    """The error for a response that is not a success."""
    return _error(status, headers, _error_object(body), secrets)


def _error(
    status: int, headers: Mapping[str, str], error: dict[str, Any], secrets: frozenset[str]
) -> ApiError:
    if status in ABOUT_THE_CREDENTIAL:
        return AnsweredError(
            "The upstream refused the gateway's credentials. An administrator must mend them.",
            status=HTTPStatus.BAD_GATEWAY,
            kind="upstream_error",
            code="upstream_auth_failed",
        )
    retry = retry_headers(headers)
    if status not in ABOUT_THE_REQUEST:
        return AnsweredError(
            f"The upstream failed with status {status}.",
            status=SAFE_SERVER_STATUSES.get(status, HTTPStatus.BAD_GATEWAY),
            kind="upstream_error",
            code="upstream_error",
            headers=retry,
        )
    code = "provider_rate_limited" if status == HTTPStatus.TOO_MANY_REQUESTS else None
    return AnsweredError(
        _text(error.get("message"), secrets) or f"The upstream answered with status {status}.",
        status=status,
        kind=_text(error.get("type"), secrets) or "invalid_request_error",
        param=_text(error.get("param"), secrets) or None,
        code=code or _text(error.get("code"), secrets) or None,
        headers=retry,
    )


def error_from_object(error: Any, *, secrets: frozenset[str]) -> ApiError:
    """The error for an error object in an answer that began as a success."""
    details = error if isinstance(error, dict) else {"message": error}
    status = _status(details)
    if status in ABOUT_THE_REQUEST | ABOUT_THE_CREDENTIAL:
        return _error(status, {}, _with_message(details), secrets)
    message = _text(details.get("message"), secrets) or "The upstream reported an error."
    return UpstreamAnswerError(message, code="upstream_error")


def error_in(answer: JsonObject, *, secrets: frozenset[str]) -> ApiError | None:
    """The error that a whole ``answer`` is, if it is one. A response tells itself how it failed."""
    if not answer.get("error") or answer.get("object") == "response":
        return None
    return error_from_object(answer["error"], secrets=secrets)


def without_secrets(response: Any, secrets: frozenset[str]) -> Any:
    """A ``response`` that tells how it failed, with nothing in its words that nobody may see.

    Its texts are gone through, not its bytes: JSON may spell a text in many ways.
    """
    match response:
        case {"error": dict(error)}:
            texts = {name: _text(each, secrets) for name, each in error.items() if _is_text(each)}
            return response | {"error": error | texts}
        case {"error": str(error)}:
            return response | {"error": _text(error, secrets)}
    return response


def json_of(answer: JsonObject) -> bytes:
    """An ``answer`` that was changed. Raises ``UpstreamAnswerError`` if it cannot be written."""
    try:
        return write_json(answer)
    except TypeError as exc:  # orjson reads 1024 levels and writes 254
        raise UpstreamAnswerError("The upstream's answer cannot be understood.") from exc


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def error_message(body: bytes, *, secrets: frozenset[str]) -> str:
    """What an answer says of its error, fit to show; empty where it says nothing."""
    return _text(_error_object(body).get("message"), secrets)


def _status(details: dict[str, Any]) -> int:
    """vLLM and others put the status in ``code``."""
    code = details.get("code")
    if isinstance(code, str) and HTTP_STATUS.fullmatch(code):
        return int(code)
    return code if isinstance(code, int) else 0


def _error_object(body: bytes) -> dict[str, Any]:
    """OpenAI's ``{"error": {…}}``, or the flatter forms others use; empty if there is none."""
    try:
        parsed: Any = load_json(body)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(parsed, dict):
        return {}
    error = parsed.get("error", parsed)
    if isinstance(error, str):
        return {"message": error}
    if isinstance(error, dict):
        return _with_message(error)
    return {}


def _with_message(error: dict[str, Any]) -> dict[str, Any]:
    return error if "message" in error else error | {"message": error.get("detail")}


def _text(value: Any, secrets: frozenset[str]) -> str:
    """``value`` if it is a text, without what nobody may see."""
    text = value if isinstance(value, str) else ""
    for secret in longest_first(secrets):
        text = text.replace(secret, REMOVED)
    return text[:LONGEST_TEXT]


def longest_first(secrets: frozenset[str]) -> list[str]:
    """A secret may be part of another."""
    return sorted(secrets, key=len, reverse=True)
