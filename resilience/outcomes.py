"""How an attempt ended, as far as it decides what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The rows of the outcome table in :mod:`resilience.verdict`."""

    NOT_SENT = "not_sent"  # DNS, connect, TLS, pool: the upstream saw nothing
    # No credential, a request that the API has no form for or the account no means, or a 401 or 403
    # about what the key may do.
    CANNOT_BE_ASKED = "cannot_be_asked"
    LED_BACK = "led_back"  # the connection leads to this gateway again
    KEY_REFUSED = "key_refused"  # 401, and 403 that speaks of the credential
    OUT_OF_QUOTA = "out_of_quota"  # 402, and 429 that no waiting mends
    RATE_LIMITED = "rate_limited"  # 429
    OVERLOADED = "overloaded"  # 503, 529, and the word in a 200
    FAILED = "failed"  # 500, 502, 504, silence, a reset after sending, an end before any content
    REFUSED = "refused"  # 400, 404, 409, 413, 415, 422: about the request
    TOO_LONG = "too_long"  # of these: the context
    FILTERED = "filtered"  # of these: the provider's content filter
    MODEL_UNKNOWN = "model_unknown"  # of these: the upstream has no such model
    BROKEN = "broken"  # after content: nothing can be tried again
    STOPPED = "stopped"  # client gone, worker stopping, a filter that refuses: nobody's failure
    SUCCESS = "success"


CLEAN = frozenset(
    {
        Kind.NOT_SENT,
        Kind.CANNOT_BE_ASKED,
        Kind.LED_BACK,
        Kind.KEY_REFUSED,
        Kind.OUT_OF_QUOTA,
        Kind.RATE_LIMITED,
        Kind.OVERLOADED,
        Kind.MODEL_UNKNOWN,
    }
)  # surely nothing was generated, and so nothing billed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``retry_after`` is in seconds, None where the upstream did not say; ``status`` is 0 where
    there was none. ``is_of_target`` is False for a failure that says nothing about the target and
    its keys: the deadline of the request, and a limit of the caller's own."""

    kind: Kind
    status: int = 0
    code: str = ""
    retry_after: float | None = None
    is_of_target: bool = True

    @property
    def is_clean(self) -> bool:
        """Whether another attempt can surely not bill the request twice."""
        return self.kind in CLEAN
