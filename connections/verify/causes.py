"""The cause behind a verification that failed: what a step found, or else which step it was."""

from __future__ import annotations

from connections.choices import Cause
from connections.verify.result import Status, Verification

BY_STEP = {
    "url": Cause.WRONG_URL,
    "dns": Cause.HOST_UNKNOWN,
    "tcp": Cause.UNREACHABLE,
    "tls": Cause.TLS_FAILED,
}


def cause_of(verification: Verification) -> Cause | None:
    """None for a connection that works. A list that the upstream lacks is a cause of its own."""
    failure = verification.failure
    if failure is not None:
        return failure.cause or BY_STEP.get(failure.name, Cause.FAILING)
    warned = (step.cause for step in verification.steps if step.status is Status.WARNING)
    return next(filter(None, warned), None)


def problem_of(verification: Verification) -> str:
    """What broke, in the words of its step."""
    step = verification.failure or next(
        (each for each in verification.steps if each.status is Status.WARNING and each.cause), None
    )
    return step.detail if step else ""
