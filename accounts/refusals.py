"""The log of refused tokens: why, each cause once in a minute, and nothing of the token."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import jwt

from infrastructure.seldom import SeldomLog

LEEWAY_SECONDS = 60  # by which clocks of an issuer and the gateway may differ


class TokenRefusedError(Exception):
    """The message is a sentence without its subject, and holds nothing of the token."""


class Refusals:
    """Says in ``logger`` that ``what``, such as a sign-in, is refused, each cause now and then."""

    def __init__(
        self, logger: logging.Logger, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = SeldomLog(logger, clock)
        self._what = what

    def note(self, cause: str) -> None:
        """Log that something is refused. ``cause`` is one of a few that the code knows."""
        self.warn(f"{self._what} is refused", cause)

    def warn(self, subject: str, detail: str) -> None:
        """Log ``subject: detail``, neither of which may hold what a client chooses."""
        self._log.warn(f"{subject}: {detail}.")


CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "it has expired (`exp`), or the clocks differ"),
    (jwt.ImmatureSignatureError, "it is not valid yet (`nbf`, `iat`), or the clocks differ"),
    (jwt.InvalidIssuerError, "it is of another issuer (`iss`)"),
    (jwt.InvalidAudienceError, "it is for another audience (`aud`)"),
    (jwt.exceptions.InvalidSubjectError, "its subject (`sub`) is not a string"),
    (jwt.InvalidSignatureError, "its signature fits none of the issuer's keys"),
    (jwt.InvalidKeyError, "its algorithm does not fit the issuer's key"),
)


def cause_of(error: Exception) -> str:
    """Why a token is refused, from what reading it raised."""
    if isinstance(error, TokenRefusedError):
        return str(error)
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"it has no `{error.claim}`"
    return next((cause for kind, cause in CAUSES if isinstance(error, kind)), "it is malformed")
