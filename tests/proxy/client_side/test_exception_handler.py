"""Whatever was raised: one shape, OpenAI's, with a status its clients understand."""

from __future__ import annotations

import pytest
from django.core.exceptions import DisallowedHost, SuspiciousOperation, ValidationError
from django.http import Http404
from rest_framework import exceptions

from accounts.authentication_errors import (
    AuthenticationUnavailable,
    ConflictingCredentials,
    InvalidApiKey,
    TooManyUnknownKeys,
)
from connections.auth.base import (
    AuthUnavailableError,
    NoCallersTokenError,
    SignInRequiredError,
)
from connections.errors import MaybeProcessedError, MidStreamError, NotSentError
from proxy.client_side.errors import ModelNotFoundError
from proxy.client_side.exception_handler import to_api_error
from wire_formats.errors import UnsendableError

CASES = [
    (ModelNotFoundError("m"), 404, "invalid_request_error", "model_not_found"),
    (InvalidApiKey(), 401, "authentication_error", "invalid_api_key"),
    (ConflictingCredentials(), 401, "authentication_error", "conflicting_credentials"),
    (AuthenticationUnavailable(), 503, "server_error", "authentication_unavailable"),
    (exceptions.ParseError("bad"), 400, "invalid_request_error", None),
    (exceptions.PermissionDenied(), 403, "permission_error", "permission_denied"),
    (exceptions.NotFound(), 404, "invalid_request_error", "not_found"),
    (exceptions.MethodNotAllowed("PUT"), 405, "invalid_request_error", "method_not_allowed"),
    (exceptions.UnsupportedMediaType("x"), 415, "invalid_request_error", "unsupported_media_type"),
    (exceptions.Throttled(wait=7), 429, "rate_limit_error", "rate_limit_exceeded"),
    (exceptions.ValidationError({"a": ["b"]}), 400, "invalid_request_error", None),
    (ValidationError("bad"), 400, "invalid_request_error", None),
    (UnsendableError("deep"), 400, "invalid_request_error", None),
    (NotSentError("x"), 502, "upstream_error", "upstream_unavailable"),
    (MaybeProcessedError("x"), 502, "upstream_error", "upstream_unavailable"),
    (MidStreamError("x"), 502, "upstream_error", "upstream_unavailable"),
    (NotSentError("x", is_timeout=True), 504, "upstream_error", "upstream_timeout"),
    (AuthUnavailableError("x"), 502, "upstream_error", "upstream_auth_unavailable"),
    (Http404(), 404, "invalid_request_error", "not_found"),
    (DisallowedHost("evil"), 400, "invalid_request_error", "invalid_host"),
    (SuspiciousOperation("x"), 400, "invalid_request_error", None),
]


@pytest.mark.parametrize(("raised", "status", "kind", "code"), CASES)
def test_each_error_has_its_status_type_and_code(raised, status, kind, code) -> None:
    error = to_api_error(raised)
    assert error is not None
    assert (error.status, error.type, error.code) == (status, kind, code)
    assert set(error.body()["error"]) == {"message", "type", "param", "code"}
    assert isinstance(error.message, str)
    assert error.message


@pytest.mark.parametrize("raised", [ValueError("secret"), KeyError("secret"), RuntimeError()])
def test_what_nobody_foresaw_is_left_to_the_boundary(raised: Exception) -> None:
    assert to_api_error(raised) is None


@pytest.mark.parametrize(("wait", "header"), [(7, "7"), (0.2, "1"), (59.6, "60")])
def test_a_throttle_says_when_to_come_back(wait: float, header: str) -> None:
    error = to_api_error(exceptions.Throttled(wait=wait))
    assert error is not None
    assert error.headers["retry-after"] == header


def test_a_client_is_not_told_which_credential_the_gateway_lacks() -> None:
    error = to_api_error(AuthUnavailableError("The environment variable THE_KEY is not set."))
    assert error is not None
    assert "THE_KEY" not in str(error.body())
    assert error.message.startswith("The gateway has no credential for the upstream")


@pytest.mark.parametrize(
    ("raised", "status"), [(NoCallersTokenError, 502), (SignInRequiredError, 401)]
)
def test_a_client_is_told_what_its_own_sign_in_lacks(raised, status) -> None:
    error = to_api_error(raised("Your sign-in has come to its end."))
    assert error is not None
    assert (error.message, error.status) == ("Your sign-in has come to its end.", status)


def test_a_refused_key_says_what_is_asked_for() -> None:
    error = to_api_error(InvalidApiKey())
    assert error is not None
    assert error.headers["www-authenticate"] == "Bearer"


def test_fields_are_named_in_the_message() -> None:
    error = to_api_error(exceptions.ValidationError({"a": ["b", "c"], "d": ["e"]}))
    assert error is not None
    assert error.message == "a: b c; d: e"


def test_the_name_of_a_model_is_cut_to_a_length() -> None:
    assert len(ModelNotFoundError("m" * 10_000).message) < 300


def test_a_flood_of_unknown_keys_is_told_when_to_come_back():
    error = to_api_error(TooManyUnknownKeys())
    assert (error.status, error.code) == (429, "rate_limit_exceeded")
    assert error.headers == {"retry-after": "1"}


def test_a_flood_of_unknown_keys_is_not_told_that_its_key_is_bad():
    assert issubclass(TooManyUnknownKeys, AuthenticationUnavailable)
