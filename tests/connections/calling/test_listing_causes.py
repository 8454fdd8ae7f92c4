"""The cause of a list that did not come, by status and by the errors below."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from connections.auth.base import NoCallerError
from connections.calling.listing_causes import cause_of_error, cause_of_status
from connections.choices import Cause
from connections.errors import before_response


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (401, Cause.KEY_REFUSED),
        (403, Cause.KEY_REFUSED),
        (404, Cause.NO_LIST),
        (429, Cause.RATE_LIMITED),
        (301, Cause.WRONG_URL),
        (500, Cause.FAILING),
        (418, Cause.FAILING),
    ],
)
def test_a_status_is_a_cause(status: int, cause: Cause) -> None:
    assert cause_of_status(status) is cause


@pytest.mark.parametrize(
    ("root", "cause"),
    [
        (ConnectionRefusedError(111, "refused"), Cause.PORT_REFUSED),
        (socket.gaierror(-2, "unknown"), Cause.HOST_UNKNOWN),
        (ssl.SSLCertVerificationError("expired"), Cause.TLS_FAILED),
        (OSError("no route"), Cause.UNREACHABLE),
    ],
)
def test_the_error_at_the_root_is_the_cause(root: OSError, cause: Cause) -> None:
    middle = httpx.ConnectError("The connection was refused or broke.")
    middle.__cause__ = root
    error = before_response(middle)
    error.__cause__ = middle
    assert cause_of_error(error) is cause


def test_a_request_that_broke_off_is_failing() -> None:
    assert cause_of_error(before_response(httpx.ReadTimeout("slow"))) is Cause.FAILING


def test_a_request_that_could_not_be_signed_lacks_a_credential() -> None:
    assert cause_of_error(NoCallerError()) is Cause.NO_CREDENTIAL
