"""Verifying connections from the admin, and telling the outcome as messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone

from connections.calling.resolve import resolve
from connections.models import Connection, LastVerification
from connections.verify import Outcome, Status, Verification
from connections.verify.keeping import verify_and_keep

LONGEST_SECONDS = 10  # somebody waits for the page
LEVELS = {
    Outcome.OK: messages.SUCCESS,
    Outcome.WARNINGS: messages.WARNING,
    Outcome.FAILED: messages.ERROR,
}
ABBREVIATED = {"url", "dns", "tcp", "tls"}  # the steps whose names are abbreviations


def verify_and_tell(request: HttpRequest, ids: Iterable[int]) -> None:
    """Verify the connections with these ``ids``, all at once, as the database has them now."""
    connections = Connection.objects.filter(pk__in=ids).prefetch_related("keys")
    upstreams = [resolve(connection) for connection in connections]
    found = verify_and_keep(upstreams, timeout_seconds=LONGEST_SECONDS)
    for upstream, verification in zip(upstreams, found, strict=True):
        messages.add_message(
            request, LEVELS[verification.outcome], in_words(upstream.name, verification)
        )


def last_result(connection: Connection) -> tuple[str, str]:
    """A word for the colour, and what the last verification found with its age."""
    last: LastVerification | None = getattr(connection, "last_verification", None)
    if last is None:
        return "never", "never"
    age = _ago(last.started_at)
    if last.started_at < connection.updated_at:
        return "outdated", f"before the last change, {age}"
    match Outcome(last.outcome):
        case Outcome.OK:
            return "ok", f"verified {age}"
        case Outcome.WARNINGS:
            return "warnings", f"warnings {age}"
        case Outcome.FAILED:
            step = last.failed_step.upper() if last.failed_step in ABBREVIATED else last.failed_step
            return "failed", f"failed at {step} {age}"


def _ago(then: datetime) -> str:
    minutes = int((timezone.now() - then).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    return f"{hours} h ago" if hours < 48 else f"{hours // 24} days ago"


def in_words(name: str, verification: Verification) -> str:
    """What broke and what to change, or else how long each step took."""
    failure = verification.failure
    if failure is not None:
        spent = f"at {failure.name} after {failure.milliseconds:.0f} ms"
        return f"{name} failed {spent}: {failure.detail} {failure.hint}".rstrip()
    warnings = [step for step in verification.steps if step.status is Status.WARNING]
    if warnings:
        told = " ".join(f"{step.detail} {step.hint}" for step in warnings)
        return f"{name} answers, but: {told}".rstrip()
    steps = (step for step in verification.steps if step.status is Status.OK)
    times = ", ".join(f"{step.name} {step.milliseconds:.0f} ms" for step in steps)
    return f"{name} works: {verification.steps[-1].detail} ({times})"
