"""What a request for models that failed tells of its cause."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import httpx

from connections.auth.base import AuthUnavailableError
from connections.choices import Cause
from connections.errors import NotSentError

NO_SUCH_PATH = frozenset({404, 405, 501})
REFUSED = frozenset({401, 403})


def cause_of_status(status: int) -> Cause:
    """The cause of a failed listing, read from the response."""
    if status in REFUSED:
        return Cause.KEY_REFUSED
    if status in NO_SUCH_PATH:
        return Cause.NO_LIST
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return Cause.RATE_LIMITED
    return Cause.WRONG_URL if 300 <= status < 400 else Cause.FAILING


def cause_of_error(error: BaseException) -> Cause:
    """The cause behind a request that got no response, by the errors that led to ``error``."""
    if isinstance(error, AuthUnavailableError):
        return Cause.NO_CREDENTIAL
    for each in _chain(error):
        match each:
            case ConnectionRefusedError():
                return Cause.PORT_REFUSED
            case socket.gaierror():
                return Cause.HOST_UNKNOWN
            case ssl.SSLError():
                return Cause.TLS_FAILED
    return Cause.UNREACHABLE if isinstance(error, NotSentError) else Cause.FAILING


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
